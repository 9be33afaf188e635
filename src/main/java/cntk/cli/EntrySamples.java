package cntk.cli;

import cntk.gram.GramStore;
import cntk.plan.Tile;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Draws entries from the tiles of a store that are committed. */
final class EntrySamples {
    /** One stored entry. */
    record Entry(int row, int col, double stored) {}

    private EntrySamples() {}

    /**
     * Draws {@code count} entries, first of all one of the diagonal where the matrix is symmetric (a self pair is where
     * rounding shows first); none if nothing is committed.
     */
    static List<Entry> draw(GramStore store, List<Tile> committed, int count, RandomGenerator random) {
        List<Entry> entries = new ArrayList<>();
        List<Tile> diagonal = committed.stream()
                .filter(tile -> store.plan().symmetric() && tile.rowBlock() == tile.colBlock())
                .toList();
        double[] values =
                new double[Math.multiplyExact(store.plan().side(), store.plan().side())];
        while (entries.size() < count && !committed.isEmpty()) {
            boolean self = entries.isEmpty() && !diagonal.isEmpty();
            List<Tile> tiles = self ? diagonal : committed;
            Tile tile = tiles.get(random.nextInt(tiles.size()));
            store.read(tile, values);
            int row = random.nextInt(tile.rows());
            int col = self ? row : random.nextInt(tile.cols());
            entries.add(new Entry(tile.rowBegin() + row, tile.colBegin() + col, values[row * tile.cols() + col]));
        }
        return entries;
    }
}
