package cntk.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.dataset.InputException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShardTest {
    @ParameterizedTest(name = "{0} shards")
    @ValueSource(ints = {1, 2, 3, 7, 100})
    void sharesAreDisjointAndTogetherThePlan(int count) {
        for (TilePlan plan : List.of(new TilePlan(33, 33, 8, true), new TilePlan(10, 33, 8, false))) {
            List<Tile> all = new ArrayList<>();
            long pairs = 0;
            for (int index = 1; index <= count; index++) {
                all.addAll(new Shard(index, count).of(plan));
                pairs += new Shard(index, count).pairs(plan);
            }
            assertThat(all).containsExactlyInAnyOrderElementsOf(plan.tiles());
            assertThat(pairs).isEqualTo(plan.pairs());
        }
        assertThat(Shard.ALL.of(new TilePlan(33, 33, 8, true))).isEqualTo(new TilePlan(33, 33, 8, true).tiles());
    }

    @Test
    void sharesDifferByATileAtMost() {
        TilePlan plan = new TilePlan(100, 100, 8, true);
        for (int index = 1; index <= 4; index++) {
            assertThat(new Shard(index, 4).of(plan).size())
                    .isBetween(plan.tiles().size() / 4, plan.tiles().size() / 4 + 1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0/2", "3/2", "1", "1/", "/2", "-1/2", "a/b", "1/0"})
    void wordsThatAreNoShareAreRefused(String text) {
        assertThatThrownBy(() -> Shard.parse(text))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(text.equals("0/2") ? "0/2" : "shard");
    }
}
