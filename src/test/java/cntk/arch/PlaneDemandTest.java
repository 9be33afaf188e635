package cntk.arch;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.dataset.ImageShape;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds the reach of every layer against the pairs of rows that it really reads, found by walking through all windows. */
class PlaneDemandTest {
    private static final ImageShape COLUMN = new ImageShape(1, 24, 24);

    private record Rows(int row, int otherRow) {}

    @ParameterizedTest
    @ValueSource(
            strings = {
                "conv relu avgpool conv relu flatten",
                "conv relu avgpool conv relu gap",
                "conv(stride=2) relu conv(stride=2,pad=zero) relu gap",
                "conv(stride=2,k=7) relu avgpool(k=3,stride=2) conv relu flatten",
                "avgpool(k=2,stride=3,pad=zero) conv(stride=2,k=5) flatten",
                "conv(pad=valid,k=5) relu lap(c=2) flatten",
                "conv(pad=circular) relu lap(c=3,pad=circular) conv(stride=2,pad=circular) flatten",
                "avgpool(k=4,stride=4) avgpool(k=3,stride=1,pad=zero) flatten",
                "conv residual(conv(stride=2) relu avgpool(k=3,stride=1,pad=zero) conv | avgpool conv) relu flatten",
                "avgpool(k=1,stride=2) conv(stride=2) gap",
            })
    void itNamesEveryPlaneThatIsRead(String text) {
        Network network = ArchitectureParser.network(text, COLUMN);
        Set<Rows> needed = new HashSet<>();
        int side = network.readoutExtent().height();
        for (int row = 0; row < side; row++) {
            for (int other = 0; other < side; other++) {
                if (network.readout() == Readout.GLOBAL_AVERAGE_POOL || row == other) {
                    needed.add(new Rows(row, other));
                }
            }
        }
        assertContains(text, network.spatial(), needed);
    }

    @Test
    void displacementsThatFoldOntoOneTorusPlaneCountOnce() {
        Extent extent = new Extent(9, 8);
        assertThat(new PlaneDemand(8, 7).torusPlanes(extent)).isEqualTo(72);
        assertThat(new PlaneDemand(3, 3).torusPlanes(extent)).isEqualTo(49);
        assertThat(new PlaneDemand(8, 6, 2).torusPlanes(extent)).isEqualTo(9 * 4);
        assertThat(new PlaneDemand(0, 0, 2)).isEqualTo(PlaneDemand.TRACE);
    }

    /** Returns what is needed before the layers, having checked every place between them. */
    private static Set<Rows> assertContains(String text, List<PlacedLayer> layers, Set<Rows> atEnd) {
        Set<Rows> needed = atEnd;
        for (int index = layers.size() - 1; index >= 0; index--) {
            PlacedLayer placed = layers.get(index);
            check(text + " behind " + placed, placed.gives(), needed, placed.after());
            needed = before(text, placed, needed);
            check(text + " before " + placed, placed.reads(), needed, placed.before());
        }
        return needed;
    }

    private static void check(String what, PlaneDemand demand, Set<Rows> needed, Extent extent) {
        for (Rows rows : needed) {
            int displacement = Math.abs(rows.row() - rows.otherRow());
            int around = extent.height() - displacement; // the same torus plane
            assertThat(covers(demand, displacement) || covers(demand, around))
                    .as("%s: displacement %d", what, displacement)
                    .isTrue();
        }
    }

    private static boolean covers(PlaneDemand demand, int displacement) {
        return displacement <= demand.rowReach() && displacement % demand.step() == 0;
    }

    private static Set<Rows> before(String text, PlacedLayer placed, Set<Rows> behind) {
        Set<Rows> needed = new HashSet<>();
        switch (placed.layer()) {
            case Layer.Conv conv -> {
                for (Rows rows : behind) {
                    for (int place = 0; place < conv.k(); place++) {
                        add(needed, conv.window(), placed.before(), rows, place, place);
                    }
                }
            }
            case Layer.Pooling pool -> {
                for (Rows rows : behind) {
                    for (int place = 0; place < pool.window().k(); place++) {
                        for (int other = 0; other < pool.window().k(); other++) {
                            add(needed, pool.window(), placed.before(), rows, place, other);
                        }
                    }
                }
            }
            case Layer.Residual _ -> {
                needed.addAll(assertContains(text, placed.branch(), behind));
                needed.addAll(assertContains(text, placed.shortcut(), behind));
            }
            case Layer.Nonlinearity _, Layer.Flatten(), Layer.GlobalAveragePool(), Layer.Dense _ ->
                needed.addAll(behind);
        }
        return needed;
    }

    private static void add(Set<Rows> needed, Window window, Extent extent, Rows rows, int place, int otherPlace) {
        int row = window.pixel(extent.height(), rows.row(), place);
        int other = window.pixel(extent.height(), rows.otherRow(), otherPlace);
        if (row >= 0 && other >= 0) {
            needed.add(new Rows(row, other));
        }
    }
}
