package cntk.solve;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import cntk.plan.Tile;
import cntk.plan.TilePlan;
import java.lang.foreign.MemorySegment;

/** A {@link KernelProduct} whose K V others compute. Tiles off the diagonal are read twice, once for each of their blocks. */
final class DistributedProduct implements KernelProduct {
    private final RowProducts products;
    private final TileStream stream;
    private final double ridge;
    private final long bytes;

    DistributedProduct(RowProducts products, TileStream stream, double ridge) {
        this.products = products;
        this.stream = stream;
        this.ridge = ridge;
        this.bytes = stream.plan().tiles().stream()
                .mapToLong(tile -> (tile.rowBlock() == tile.colBlock() ? 1 : 2) * stream.bytes(tile))
                .sum();
    }

    @Override
    public void apply(NativeMatrix v, NativeMatrix out) {
        stream.stopIfAsked();
        TilePlan plan = stream.plan();
        double[] columns = new double[Math.multiplyExact(v.rows(), v.cols())];
        MemorySegment.copy(v.segment(), JAVA_DOUBLE, 0, columns, 0, columns.length);
        boolean[] taken = new boolean[plan.rowBlocks()];
        products.multiply(columns, v.cols(), (block, rows) -> {
            Tile tile = plan.tile(block, block);
            for (int col = 0; col < v.cols(); col++) {
                out.putColumn(col, tile.rowBegin(), rows, col * tile.rows(), tile.rows());
            }
            taken[block] = true;
        });
        for (int block = 0; block < taken.length; block++) {
            if (!taken[block]) {
                throw new IllegalStateException("rows " + block + " of the product are missing");
            }
        }
        stream.count(bytes);
        KernelProduct.addRidge(ridge, v, out);
    }

    @Override
    public void close() {
        // holds nothing
    }
}
