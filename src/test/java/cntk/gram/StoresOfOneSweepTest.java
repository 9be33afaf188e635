package cntk.gram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import cntk.plan.KernelKind;
import cntk.plan.Precision;
import cntk.plan.Tile;
import cntk.plan.TilePlan;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class StoresOfOneSweepTest {
    private static final TilePlan PLAN = new TilePlan(4, 4, 2, true);

    private static GramStore store(TilePlan plan) {
        return new InMemoryGramStore(new GramSpec(plan, Precision.F64, KernelKind.NTK, "0123abcd"));
    }

    @Test
    void everyStoreGetsItsShareOfATile() {
        try (GramStore first = store(PLAN);
                GramStore second = store(PLAN)) {
            StoresOfOneSweep both = new StoresOfOneSweep(List.of(first, second));
            Tile tile = PLAN.tiles().getFirst();
            double[] values = new double[2 * PLAN.side() * PLAN.side()];
            Arrays.setAll(values, e -> e);
            both.commit(tile, values);
            double[] read = new double[4];
            first.read(tile, read);
            assertThat(read).containsExactly(0, 1, 2, 3);
            second.read(tile, read);
            assertThat(read).containsExactly(4, 5, 6, 7);
            assertThat(both.kernels()).isEqualTo(2);
        }
    }

    @Test
    void aTileThatOneStoreMissesIsMissingAndTheOtherKeepsItsOwn() {
        try (GramStore first = store(PLAN);
                GramStore second = store(PLAN)) {
            Tile tile = PLAN.tiles().get(1);
            first.commit(tile, new double[] {9, 9, 9, 9});
            StoresOfOneSweep both = new StoresOfOneSweep(List.of(first, second));
            assertThat(both.missing()).containsExactlyElementsOf(PLAN.tiles());
            for (Tile each : PLAN.tiles()) {
                both.commit(each, new double[8]);
            }
            assertThat(both.missing()).isEmpty();
            double[] read = new double[4];
            first.read(tile, read);
            assertThat(read).containsExactly(9, 9, 9, 9);
        }
    }

    @Test
    void storesOfDifferentTilesAreRefused() {
        try (GramStore first = store(PLAN);
                GramStore second = store(new TilePlan(4, 4, 3, true))) {
            assertThatIllegalArgumentException().isThrownBy(() -> new StoresOfOneSweep(List.of(first, second)));
        }
    }
}
