package cntk.gram;

import cntk.plan.Precision;
import cntk.plan.Tile;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** A store that ends with the process; floats stay floats, so that a matrix takes no more memory than on disk. */
public final class InMemoryGramStore implements GramStore {
    private final GramSpec spec;
    /** {@code float[]} or {@code double[]}, by precision. */
    private final ConcurrentMap<Tile, Object> tiles = new ConcurrentHashMap<>();

    public InMemoryGramStore(GramSpec spec) {
        this.spec = spec;
    }

    @Override
    public GramSpec spec() {
        return spec;
    }

    @Override
    public void commit(Tile tile, double[] values) {
        CommitCheck.requirePlanned(spec, tile);
        CommitCheck.requireStorable(spec, tile, values);
        tiles.computeIfAbsent(
                tile,
                _ -> spec.precision() == Precision.F32
                        ? narrowed(values, tile.entries())
                        : Arrays.copyOf(values, tile.entries()));
    }

    @Override
    public void read(Tile tile, double[] out) {
        CommitCheck.requirePlanned(spec, tile);
        switch (tiles.get(tile)) {
            case double[] doubles -> System.arraycopy(doubles, 0, out, 0, doubles.length);
            case float[] floats -> {
                for (int entry = 0; entry < floats.length; entry++) {
                    out[entry] = floats[entry];
                }
            }
            case null, default ->
                throw new StoreException("tile " + tile + " is missing", new IOException("not committed"));
        }
    }

    @Override
    public List<Tile> missing(List<Tile> among) {
        return among.stream().filter(tile -> !tiles.containsKey(tile)).toList();
    }

    @Override
    public void close() {
        tiles.clear();
    }

    private static float[] narrowed(double[] values, int entries) {
        float[] floats = new float[entries];
        for (int entry = 0; entry < entries; entry++) {
            floats[entry] = (float) values[entry];
        }
        return floats;
    }
}
