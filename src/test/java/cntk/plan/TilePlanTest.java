package cntk.plan;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TilePlanTest {
    @ParameterizedTest(name = "{0} images by {1}")
    @CsvSource({"1, 1", "16, 16", "48, 16", "50, 16", "17, 16", "9, 1"})
    void tilesOfABlockAreThoseThatTouchItInTheOrderOfThePlan(int images, int side) {
        TilePlan plan = new TilePlan(images, images, side, true);
        for (int block = 0; block < plan.rowBlocks(); block++) {
            int wanted = block;
            assertThat(plan.tilesOf(block))
                    .isEqualTo(plan.tiles().stream()
                            .filter(tile -> tile.rowBlock() == wanted || tile.colBlock() == wanted)
                            .toList());
        }
    }
}
