package cntk.solve;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import cntk.plan.Tile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * (K + ridge I) V for a few columns V, with K streamed from its store: every tile above the diagonal is read once and serves its
 * mirror image too. One tile a thread is in memory, and one more. The bits do not depend on the number of threads.
 */
final class TiledProduct implements KernelProduct {
    private final Lapack lapack;
    private final TileStream stream;
    private final OrderedTasks tasks;
    private final double ridge;
    private final List<Tile> tiles;
    private final Arena arena = Arena.ofShared();
    private final List<Slot> slots = new ArrayList<>();

    /** A tile, and what it adds to the rows of its rows and to the rows of its columns. */
    private record Slot(double[] values, MemorySegment tile, MemorySegment ofRows, MemorySegment ofCols) {}

    /** @param columns most columns of a V */
    TiledProduct(Lapack lapack, TileStream stream, OrderedTasks tasks, double ridge, int columns) {
        this.lapack = lapack;
        this.stream = stream;
        this.tasks = tasks;
        this.ridge = ridge;
        this.tiles = stream.plan().tiles();
        long part = (long) Math.min(stream.plan().side(), stream.plan().rows()) * columns;
        for (int slot = 0; slot < tasks.slots(); slot++) {
            double[] values = stream.room();
            slots.add(new Slot(
                    values,
                    arena.allocate(JAVA_DOUBLE, values.length),
                    arena.allocate(JAVA_DOUBLE, part),
                    arena.allocate(JAVA_DOUBLE, part)));
        }
    }

    @Override
    public void apply(NativeMatrix v, NativeMatrix out) {
        out.segment().fill((byte) 0);
        tasks.run(tiles.size(), slots, (number, slot) -> multiply(tiles.get(number), v, slot), (number, slot) -> {
            Tile tile = tiles.get(number);
            add(slot.ofRows(), tile.rowBegin(), tile.rows(), out);
            if (tile.rowBlock() != tile.colBlock()) {
                add(slot.ofCols(), tile.colBegin(), tile.cols(), out);
            }
        });
        stream.trust();
        KernelProduct.addRidge(ridge, v, out);
    }

    /** A row-major tile is the transposed one to BLAS. */
    private void multiply(Tile tile, NativeMatrix v, Slot slot) {
        stream.read(tile, slot.values());
        MemorySegment.copy(slot.values(), 0, slot.tile(), JAVA_DOUBLE, 0, tile.entries());
        BlockLapack.Block block = new BlockLapack.Block(slot.tile(), tile.cols());
        BlockLapack.Block ofRows = new BlockLapack.Block(slot.ofRows(), tile.rows());
        lapack.product(true, tile.rows(), v.cols(), tile.cols(), 1, block, rowsOf(v, tile.colBegin()), 0, ofRows);
        if (tile.rowBlock() != tile.colBlock()) {
            BlockLapack.Block ofCols = new BlockLapack.Block(slot.ofCols(), tile.cols());
            lapack.product(false, tile.cols(), v.cols(), tile.rows(), 1, block, rowsOf(v, tile.rowBegin()), 0, ofCols);
        }
    }

    private static BlockLapack.Block rowsOf(NativeMatrix v, int begin) {
        return new BlockLapack.Block(v.segment().asSlice((long) begin * Double.BYTES), v.rows());
    }

    private static void add(MemorySegment part, int begin, int rows, NativeMatrix out) {
        MemorySegment sums = out.segment();
        for (int col = 0; col < out.cols(); col++) {
            long to = begin + (long) col * out.rows();
            long from = (long) col * rows;
            for (int row = 0; row < rows; row++) {
                double sum = sums.getAtIndex(JAVA_DOUBLE, to + row) + part.getAtIndex(JAVA_DOUBLE, from + row);
                sums.setAtIndex(JAVA_DOUBLE, to + row, sum);
            }
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
