package cntk.solve;

import cntk.plan.Tile;
import cntk.plan.TilePlan;

/** A {@link KernelSource} over the tiles of the upper triangle, as a Gram store keeps them. */
public final class TiledKernel implements KernelSource {
    private final TilePlan plan;
    private final TileReader reader;

    /** @param plan of a symmetric matrix */
    public TiledKernel(TilePlan plan, TileReader reader) {
        if (!plan.symmetric()) {
            throw new IllegalArgumentException("a training kernel is symmetric, " + plan + " is not");
        }
        this.plan = plan;
        this.reader = reader;
    }

    @Override
    public int size() {
        return plan.rows();
    }

    @Override
    public void writeTo(LowerTriangleSink sink) {
        int side = Math.min(plan.side(), plan.rows());
        double[] values = new double[Math.multiplyExact(side, side)];
        for (Tile tile : plan.tiles()) {
            reader.read(tile, values);
            for (int image = tile.rowBegin(); image < tile.rowEnd(); image++) {
                int partner = Math.max(image, tile.colBegin()); // the first one on or past the diagonal
                int from = (image - tile.rowBegin()) * tile.cols() + partner - tile.colBegin();
                sink.put(image, partner, values, from, tile.colEnd() - partner);
            }
        }
    }
}
