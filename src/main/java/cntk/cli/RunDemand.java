package cntk.cli;

import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import cntk.plan.KernelTask;
import cntk.plan.PlaneProgram;
import cntk.plan.Precision;
import cntk.plan.Segment;
import cntk.plan.TilePlan;
import cntk.solve.AvailableMemory;
import cntk.solve.SolveProbe;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What a run needs of disk and memory, from counts alone.
 *
 * @param train tiles of train x train
 * @param cross tiles of test x train
 * @param kernels matrices of each kind: one for every network
 * @param solver such as {@code packed cholesky} or {@code pcg}
 * @param matrixBytes of the solver, outside the heap
 * @param imageBytes of all images as bytes
 * @param factorBytes that the cpu backend keeps for every image
 */
record RunDemand(
        TilePlan train,
        TilePlan cross,
        Precision precision,
        int kernels,
        int threads,
        String solver,
        long matrixBytes,
        long imageBytes,
        long factorBytes) {
    private static final double GIB = 1L << 30;
    private static final int CHECKSUM_BYTES = 4;
    /** Values, chunk and one more copy on the way between them. */
    private static final int COPIES_OF_A_TILE = 3;
    /** The virtual machine itself and what lies around in its heap. */
    private static final long JAVA_BYTES = 256L << 20;

    static RunDemand of(
            KernelTask task,
            TilePlan train,
            TilePlan cross,
            Precision precision,
            int threads,
            String solver,
            long matrixBytes) {
        ImageShape shape = task.input();
        long factors = 0;
        for (Segment segment : PlaneProgram.of(task.networks(), precision, 1).segments()) {
            factors += (long) segment.activations() * segment.height() * segment.width() * precision.bytes();
        }
        return new RunDemand(
                train,
                cross,
                precision,
                task.kernels(),
                threads,
                solver,
                matrixBytes,
                ((long) train.rows() + cross.rows()) * shape.values(),
                factors);
    }

    long trainTiles() {
        return train.symmetric()
                ? (long) train.rowBlocks() * (train.rowBlocks() + 1) / 2
                : (long) train.rowBlocks() * train.colBlocks();
    }

    long crossTiles() {
        return (long) cross.rowBlocks() * cross.colBlocks();
    }

    long pairs() {
        return train.pairs() + cross.pairs();
    }

    /** Of all matrices of the run. */
    long storeBytes() {
        return kernels * (trainBytes() + crossBytes());
    }

    /** Of one matrix train x train in the store. */
    long trainBytes() {
        return trainTiles() * chunkBytes(train);
    }

    /** Of one matrix test x train in the store. */
    long crossBytes() {
        return crossTiles() * chunkBytes(cross);
    }

    /** Files of all matrices: one for every tile. */
    long files() {
        return kernels * (trainTiles() + crossTiles());
    }

    /** Floating-point operations of all direct solves of the run. */
    double solveOperations() {
        return kernels * SolveProbe.flops(train.rows());
    }

    /** What every plan says for machines about kernels, images, tiles and store. */
    void putTo(Map<String, Object> fields) {
        fields.put("kernels", kernels);
        fields.put("train", train.rows());
        fields.put("test", cross.rows());
        fields.put("pairs", pairs());
        fields.put("precision", precision.word());
        fields.put("train_tiles", trainTiles());
        fields.put("train_tile_side", train.side());
        fields.put("cross_tiles", crossTiles());
        fields.put("cross_tile_side", cross.side());
        fields.put("store_bytes", storeBytes());
    }

    private long chunkBytes(TilePlan plan) {
        return (long) plan.side() * plan.side() * precision.bytes() + CHECKSUM_BYTES;
    }

    /** Java heap while the kernel is computed, an estimate: images, factors where they are kept, tiles. */
    long kernelBytes() {
        long most = Runtime.getRuntime().maxMemory() / 4; // what the cpu backend keeps of a set at most
        long factors = kept(train.rows() * factorBytes, most) + kept(cross.rows() * factorBytes, most);
        return imagesAndTiles(threads) + factors;
    }

    /** The same where that many GPUs compute: factors are theirs. */
    long gpuHostBytes(int gpus) {
        return imagesAndTiles(gpus);
    }

    private long imagesAndTiles(int workers) {
        long tile = (long) Math.max(train.side(), cross.side()) * Math.max(train.side(), cross.side()) * Double.BYTES;
        return heldBytes() + (long) COPIES_OF_A_TILE * workers * kernels * tile;
    }

    /** Java heap that is there all the time, an estimate: the virtual machine and the images. */
    long heldBytes() {
        return JAVA_BYTES + imageBytes;
    }

    private static long kept(long bytes, long most) {
        return bytes <= most ? bytes : 0;
    }

    /** Matrix and heap during the solve, an estimate; the heap does not shrink behind the kernel. */
    long solveBytes() {
        return matrixBytes + kernelBytes();
    }

    /** Throws {@link cntk.solve.MemoryShortageException} when the memory that is free now is less than the solve needs. */
    void requireMemory() {
        AvailableMemory.require(
                solveBytes(),
                String.format(
                        Locale.ROOT,
                        "the solve for %,d training images (%s: %.2f GiB, heap %.2f GiB; --solver pcg needs less than cholesky)",
                        train.rows(),
                        solver,
                        matrixBytes / GIB,
                        kernelBytes() / GIB));
    }

    /**
     * Throws {@link InputException} when the disk of {@code out} has no room for what the store lacks yet.
     *
     * @param out exists or not
     */
    void requireDisk(Path out) {
        try {
            long lacking = storeBytes() - storedBytes(out);
            long free = Files.getFileStore(existing(out)).getUsableSpace();
            if (lacking > free) {
                throw new InputException(String.format(
                        Locale.ROOT,
                        "the kernel matrices need %.2f GiB in %s, %.2f GiB more than are there, but its disk has %.2f GiB"
                                + " free\nhint: another --out, fewer images, or --precision f32 instead of f64 for half of it",
                        storeBytes() / GIB,
                        out,
                        lacking / GIB,
                        free / GIB));
            }
        } catch (IOException e) {
            throw new InputException("cannot look at the disk of " + out + ": " + e, e);
        }
    }

    private static long storedBytes(Path out) throws IOException {
        if (!Files.isDirectory(out)) {
            return 0;
        }
        try (Stream<Path> files = Files.walk(out)) {
            return files.filter(Files::isRegularFile).mapToLong(RunDemand::size).sum();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException gone) { // a temporary file of another shard
            return 0;
        }
    }

    private static Path existing(Path out) {
        for (Path path = out.toAbsolutePath(); path != null; path = path.getParent()) {
            if (Files.exists(path)) {
                return path;
            }
        }
        return Path.of(".");
    }
}
