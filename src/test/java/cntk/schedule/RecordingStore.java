package cntk.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.gram.GramReader;
import cntk.gram.GramSpec;
import cntk.gram.GramStore;
import cntk.gram.InMemoryGramStore;
import cntk.plan.KernelKind;
import cntk.plan.Precision;
import cntk.plan.Tile;
import cntk.plan.TilePlan;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;

/** A store in memory that remembers every commit, the needless ones too. */
final class RecordingStore implements GramStore {
    private final GramStore store;
    private final Consumer<Tile> beforeCommit;
    private final List<Tile> commits = Collections.synchronizedList(new ArrayList<>());

    RecordingStore(int images, int side) {
        this(images, side, tile -> {});
    }

    RecordingStore(int images, int side, Consumer<Tile> beforeCommit) {
        this.store = new InMemoryGramStore(
                new GramSpec(new TilePlan(images, images, side, true), Precision.F32, KernelKind.NTK, "0123abcd"));
        this.beforeCommit = beforeCommit;
    }

    List<Tile> commits() {
        return List.copyOf(commits);
    }

    /** Every entry, tile by tile. */
    List<Double> entries() {
        List<Double> entries = new ArrayList<>();
        new GramReader(store).forEachTile((tile, values) -> {
            for (int entry = 0; entry < tile.entries(); entry++) {
                entries.add(values[entry]);
            }
        });
        return entries;
    }

    /** Every tile was committed, and once. */
    void assertWhole() {
        assertThat(commits()).containsExactlyInAnyOrderElementsOf(plan().tiles());
        assertThat(missing()).isEmpty();
    }

    @Override
    public GramSpec spec() {
        return store.spec();
    }

    @Override
    public void commit(Tile tile, double[] values) {
        beforeCommit.accept(tile);
        store.commit(tile, values);
        commits.add(tile);
    }

    @Override
    public void read(Tile tile, double[] out) {
        store.read(tile, out);
    }

    @Override
    public List<Tile> missing(List<Tile> tiles) {
        return store.missing(tiles);
    }

    @Override
    public List<Tile> missing() {
        return store.missing();
    }

    @Override
    public void close() {
        store.close();
    }
}
