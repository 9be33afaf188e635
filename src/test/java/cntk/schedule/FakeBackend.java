package cntk.schedule;

import cntk.backend.TileBackend;
import cntk.plan.Tile;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A worker whose entries depend on row and column alone, and that does with a tile what a test wants first. */
final class FakeBackend implements TileBackend {
    @FunctionalInterface
    interface Before {
        void compute(Tile tile, int attempt) throws InterruptedException;
    }

    private final String name;
    private final Before before;
    private final List<Tile> attempts = Collections.synchronizedList(new ArrayList<>());

    FakeBackend(String name, Before before) {
        this.name = name;
        this.before = before;
    }

    static FakeBackend willing(String name) {
        return new FakeBackend(name, (tile, attempt) -> {});
    }

    /** Every tile that this worker was asked for, again where it was tried again. */
    List<Tile> attempts() {
        return List.copyOf(attempts);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void compute(Tile tile, double[] out) throws InterruptedException {
        attempts.add(tile);
        before.compute(tile, Collections.frequency(attempts, tile));
        for (int entry = 0; entry < tile.entries(); entry++) {
            int row = tile.rowBegin() + entry / tile.cols();
            int col = tile.colBegin() + entry % tile.cols();
            out[entry] = (float) Math.sin((1 + Math.min(row, col)) * (1.5 + Math.max(row, col)));
        }
    }

    @Override
    public void close() {}
}
