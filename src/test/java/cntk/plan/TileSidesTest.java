package cntk.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TileSidesTest {
    private static final long UNBOUNDED = Long.MAX_VALUE;

    /** Costs: flatten in f32, flatten in f64, a gap network of 6 layers, one of 11 layers, the oracle. */
    private static final List<Double> NANOS = List.of(3e3, 7e3, 2e4, 1.5e6, 3.2e6, 1e9);

    private static final List<Integer> COUNTS = List.of(1, 2, 3, 15, 16, 17, 33, 100, 250, 500, 2000, 10_000, 50_000);

    @ParameterizedTest(name = "{0} ns a pair, {1} images: side {2}")
    @CsvSource({
        "7000, 50000, 512",
        "7000, 10000, 512",
        "7000, 2000, 272",
        "20000, 10000, 384",
        "1500000, 10000, 32",
        "3200000, 500, 16",
        "3200000, 10, 8",
        "7000, 10, 16",
        "30000000, 500, 8",
        "1000000000, 100, 1",
    })
    void knownSides(double nanosPerPair, int images, int side) {
        assertThat(TileSides.choose(nanosPerPair, images, images, true, UNBOUNDED))
                .isEqualTo(side);
    }

    @Test
    void sidesAreMultiplesOfSixteenOrSmallPowersOfTwo() {
        for (double nanos : NANOS) {
            for (int count : COUNTS) {
                int side = TileSides.choose(nanos, count, 3 * count, false, UNBOUNDED);
                assertThat(side).isBetween(1, 512);
                assertThat(side % 16 == 0 || List.of(1, 2, 4, 8).contains(side))
                        .as("%s", side)
                        .isTrue();
            }
        }
    }

    @Test
    void aTileStaysWithinSeconds() {
        for (double nanos : NANOS) {
            for (int count : COUNTS) {
                long side = TileSides.choose(nanos, count, count, true, UNBOUNDED);
                assertThat(side * side * nanos).isLessThanOrEqualTo(3e9);
            }
        }
    }

    @Test
    void thereAreEnoughTilesUnlessTheyWouldBeShort() {
        for (double nanos : NANOS) {
            for (int count : COUNTS) {
                int side = TileSides.choose(nanos, count, count, true, UNBOUNDED);
                int tiles = tiles(count, side);
                int next = side > 16 ? side - 16 : side / 2;
                if (side > 1 && (double) next * next * nanos > 2.5e8) {
                    assertThat(tiles).as("%s ns, %s images", nanos, count).isGreaterThanOrEqualTo(32);
                }
                if (side > 16) {
                    assertThat(tiles).as("%s ns, %s images", nanos, count).isGreaterThanOrEqualTo(10);
                }
            }
        }
    }

    @Test
    void theMemoryBoundHolds() {
        for (long bytes : List.of(1L, 8L, 2048L, 100_000L)) {
            long side = TileSides.choose(7e3, 50_000, 50_000, true, bytes);
            assertThat(side == 1 || side * side * 8 <= bytes).isTrue();
        }
    }

    @Test
    void aCostIsPositive() {
        assertThatIllegalArgumentException().isThrownBy(() -> TileSides.choose(0, 1, 1, true, UNBOUNDED));
        assertThatIllegalArgumentException().isThrownBy(() -> TileSides.choose(Double.NaN, 1, 1, true, UNBOUNDED));
    }

    private static int tiles(int count, int side) {
        int blocks = Math.ceilDiv(count, side);
        return blocks > 10_000 ? Integer.MAX_VALUE : blocks * (blocks + 1) / 2;
    }
}
