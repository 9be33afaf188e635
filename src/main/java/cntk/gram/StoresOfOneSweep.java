package cntk.gram;

import cntk.plan.Tile;
import cntk.plan.TilePlan;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Stores of the kernels that one sweep computes, all cut into the same tiles. A tile that one of them misses is missing; the others keep
 * what they have. The stores stay the caller's, who closes them.
 */
public final class StoresOfOneSweep implements TileSink {
    private final List<GramStore> stores;

    /** @param stores in the order of the kernels, at least one */
    public StoresOfOneSweep(List<? extends GramStore> stores) {
        this.stores = List.copyOf(stores);
        TilePlan plan = this.stores.getFirst().plan();
        if (!this.stores.stream().allMatch(store -> store.plan().equals(plan))) {
            throw new IllegalArgumentException("stores of one sweep are cut into different tiles");
        }
    }

    @Override
    public TilePlan plan() {
        return stores.getFirst().plan();
    }

    @Override
    public int kernels() {
        return stores.size();
    }

    /** In the order of the stores; a kill between two of them leaves the tile missing. */
    @Override
    public void commit(Tile tile, double[] values) {
        int entries = tile.entries();
        for (int kernel = 0; kernel < stores.size(); kernel++) {
            stores.get(kernel).commit(tile, Arrays.copyOfRange(values, kernel * entries, (kernel + 1) * entries));
        }
    }

    @Override
    public List<Tile> missing() {
        return missing(plan().tiles());
    }

    @Override
    public List<Tile> missing(List<Tile> tiles) {
        Set<Tile> missing = new LinkedHashSet<>();
        stores.forEach(store -> missing.addAll(store.missing(tiles)));
        return tiles.stream().filter(missing::contains).toList();
    }
}
