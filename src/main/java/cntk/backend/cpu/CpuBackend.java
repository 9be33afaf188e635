package cntk.backend.cpu;

import cntk.backend.KernelBackend;
import cntk.backend.LargestVariance;
import cntk.backend.TileBackend;
import cntk.dataset.ImageSet;
import cntk.dataset.InputException;
import cntk.plan.KernelTask;
import cntk.plan.PlaneProgram;
import cntk.plan.Precision;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;

/**
 * Displacement planes on the Vector API: every network, in float or double. Both kernels come from one recursion; the factors
 * of an image are computed once for all matrices it stands in.
 */
public final class CpuBackend implements KernelBackend {
    private final KernelTask task;
    private final Precision precision;
    private final int threads;
    private final IdentityHashMap<ImageSet, FactorCache> caches = new IdentityHashMap<>();
    private double largestVariance;

    /**
     * A backend for one task; computes nothing yet.
     *
     * @param threads number of workers that {@link #open} gives
     */
    public CpuBackend(KernelTask task, Precision precision, int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads is " + threads + ", but must be at least 1");
        }
        // refuses now what it could not compute later
        checkMemory(
                PlaneProgram.of(task.networks(), precision, 1),
                precision,
                threads,
                Runtime.getRuntime().maxMemory());
        this.task = task;
        this.precision = precision;
        this.threads = threads;
    }

    /**
     * Planes that meet are held together, all of them, by every thread.
     *
     * @throws InputException if an array or the heap cannot hold them, with the numbers
     */
    static void checkMemory(PlaneProgram program, Precision precision, int threads, long heapBytes) {
        long[] pair = PlaneTensor.bytes(program, precision, PairSums.lanes(program, precision));
        // factors of self pairs are computed in double beside the pairs themselves
        long[] self = PlaneTensor.bytes(program, Precision.F64, LaneTables.Lanes.IMAGES);
        long perThread = pair[1] + self[1];
        boolean arrayTooLong = pair[0] / precision.bytes() > Integer.MAX_VALUE - 64
                || self[0] / Precision.F64.bytes() > Integer.MAX_VALUE - 64;
        if (arrayTooLong || perThread * threads > heapBytes / 10 * 9) {
            throw new InputException(String.format(
                    Locale.ROOT,
                    "the planes that meet in this network take %.1f GB on each of %d threads, but the heap has %.1f GB"
                            + "%nhint: fewer --threads, a larger heap (CNTK_JAVA_OPTS=-Xmx20g), or pool earlier",
                    perThread / 1e9,
                    threads,
                    heapBytes / 1e9));
        }
    }

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public String description() {
        return "displacement planes, " + PlaneRows.lanes(precision) + " lanes of " + precision.word() + ", " + threads
                + (threads == 1 ? " thread" : " threads");
    }

    @Override
    public List<TileBackend> open(ImageSet rows, ImageSet cols) {
        task.requireShape(rows);
        task.requireShape(cols);
        double largest = Math.max(LargestVariance.of(rows), rows == cols ? 0 : LargestVariance.of(cols));
        if (largest > largestVariance) {
            caches.clear(); // their factors were in other units
            largestVariance = largest;
        }
        PlaneProgram program = PlaneProgram.of(task.networks(), precision, largestVariance);
        FactorCache rowCache = cache(rows, program);
        FactorCache colCache = cache(cols, program);
        List<TileBackend> workers = new ArrayList<>();
        for (int worker = 0; worker < threads; worker++) {
            workers.add(new CpuTileBackend("cpu/" + worker, task, program, precision, rowCache, colCache));
        }
        return workers;
    }

    private FactorCache cache(ImageSet images, PlaneProgram program) {
        long mostBytes = Runtime.getRuntime().maxMemory() / 4;
        return caches.computeIfAbsent(images, set -> new FactorCache(set, program, precision, mostBytes));
    }

    @Override
    public void close() {
        caches.clear();
    }
}
