package cntk.backend.cpu;

import cntk.backend.PairSink;
import cntk.backend.PairValue;
import cntk.backend.SelfKernels;
import cntk.backend.TileBackend;
import cntk.backend.UnitDiagonal;
import cntk.backend.cpu.LaneTables.Lanes;
import cntk.plan.KernelTask;
import cntk.plan.PlaneProgram;
import cntk.plan.PlaneReadout;
import cntk.plan.Precision;
import cntk.plan.Tile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** One thread of the SIMD backend. */
final class CpuTileBackend implements TileBackend {
    /** Images a whose tables stand side by side: with 20 ReLUs at 32x32 they take 160 KB each in float. */
    private static final int CHUNK = 64;

    private final String name;
    private final KernelTask task;
    private final PlaneProgram program;
    private final Precision precision;
    private final FactorCache rows;
    private final FactorCache cols;
    private final Lanes kind;
    private final int laneImages;
    private final boolean[] selfIsKnown; // with the factors, by readout
    private final boolean allKnown;
    private final PairSums pairs;
    private final PairValue[] values; // by readout
    private final int[] kernels; // by readout
    private final double share; // of one pair in the kernel
    private final PairSums.Job[] jobs;
    private final int[] group;

    CpuTileBackend(
            String name,
            KernelTask task,
            PlaneProgram program,
            Precision precision,
            FactorCache rows,
            FactorCache cols) {
        this.name = name;
        this.task = task;
        this.program = program;
        this.precision = precision;
        this.rows = rows;
        this.cols = cols;
        this.kind = PairSums.lanes(program, precision);
        this.laneImages = kind == Lanes.IMAGES ? PlaneRows.lanes(precision) : 1;
        this.pairs = new PairSums(program, precision);
        List<PlaneReadout> readouts = program.readouts();
        this.kernels = readouts.stream().mapToInt(PlaneReadout::network).toArray();
        this.values = readouts.stream()
                .map(readout -> new PairValue(task.networks().get(readout.network()), readout, task.kind()))
                .toArray(PairValue[]::new);
        boolean all = true;
        this.selfIsKnown = new boolean[values.length];
        for (int readout = 0; readout < values.length; readout++) {
            selfIsKnown[readout] = !readouts.get(readout).beforePlanesMeet()
                    || readouts.get(readout).weights().onlyEqualPixels();
            all &= selfIsKnown[readout];
        }
        this.allKnown = all;
        this.share = task.flip() ? 0.5 : 1;
        this.jobs = new PairSums.Job[pairs.group()];
        this.group = new int[pairs.group()];
        Arrays.setAll(jobs, _ -> newJob());
    }

    private PairSums.Job newJob() {
        return new PairSums.Job(values.length, PlaneRows.lanes(precision));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int kernels() {
        return task.kernels();
    }

    @Override
    public void compute(Tile tile, double[] out) throws InterruptedException {
        int entries = kernels() * tile.entries();
        Arrays.fill(out, 0, entries, 0);
        if (rows != cols) {
            PairSink sink = new PairSink.Block(tile, out);
            block(rows, cols, tile.rowBegin(), tile.rowEnd(), tile.colBegin(), tile.colEnd(), sink);
        } else {
            symmetric(tile, out);
        }
        if (task.unitDiagonal()) {
            UnitDiagonal.scale(
                    tile,
                    kernels(),
                    out,
                    (kernel, row) -> selfKernels(rows, row).diagonal()[kernel],
                    (kernel, col) -> selfKernels(cols, col).diagonal()[kernel]);
        }
        for (int at = 0; precision == Precision.F32 && at < entries; at++) {
            out[at] = (float) out[at];
        }
    }

    /** Of a symmetric pair the smaller number is always image a: sums over planes depend on their order. */
    private void symmetric(Tile tile, double[] out) throws InterruptedException {
        PairSink above = new PairSink.Symmetric(tile, out, false);
        block(rows, rows, tile.rowBegin(), tile.rowEnd(), tile.colBegin(), tile.colEnd(), above);
        boolean onDiagonal = tile.rowBegin() == tile.colBegin() && tile.rowEnd() == tile.colEnd();
        if (tile.rowEnd() - 1 > tile.colBegin() && !onDiagonal) {
            PairSink below = new PairSink.Symmetric(tile, out, true);
            block(rows, rows, tile.colBegin(), tile.colEnd(), tile.rowBegin(), tile.rowEnd(), below);
        }
    }

    /** Computes the pairs that {@code sink} wants: tables of all b first, then image a by image a in chunks. */
    private void block(FactorCache setA, FactorCache setB, int aBegin, int aEnd, int bBegin, int bEnd, PairSink sink)
            throws InterruptedException {
        List<LaneSet> lanes = new ArrayList<>();
        for (int first = bBegin; first < bEnd; first += laneImages) {
            int end = Math.min(bEnd, first + laneImages);
            lanes.add(LaneSet.of(program, precision, kind, setB, first, end, false));
            if (task.flip()) {
                lanes.add(LaneSet.of(program, precision, kind, setB, first, end, true));
            }
        }
        for (int chunk = aBegin; chunk < aEnd; chunk += CHUNK) {
            int end = Math.min(aEnd, chunk + CHUNK);
            ImageTables[] images = new ImageTables[end - chunk];
            for (int a = chunk; a < end; a++) {
                double[] pixels = setA.values(a);
                images[a - chunk] = ImageTables.of(program, precision, setA.factors(a, pixels), pixels);
            }
            for (LaneSet set : lanes) {
                pairs(setA, chunk, images, setB, set, sink);
            }
        }
    }

    /** All wanted pairs of images {@code aBegin..} and the images of one set of lanes, group by group. */
    private void pairs(FactorCache setA, int aBegin, ImageTables[] images, FactorCache setB, LaneSet set, PairSink sink)
            throws InterruptedException {
        int waiting = 0;
        for (int k = 0; k < images.length; k++) {
            int a = aBegin + k;
            if (set.anyWanted(a, sink)) {
                group[waiting] = a;
                jobs[waiting].image = images[k];
                jobs[waiting].same = set.same(images[k].image(), () -> setA.values(a));
                waiting++;
            }
            if (waiting == jobs.length || (waiting > 0 && k == images.length - 1)) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                pairs.compute(jobs, waiting, set.tables());
                for (int job = 0; job < waiting; job++) {
                    add(setA, group[job], setB, set, jobs[job], sink);
                }
                waiting = 0;
            }
        }
    }

    private void add(FactorCache setA, int a, FactorCache setB, LaneSet set, PairSums.Job job, PairSink sink) {
        for (int readout = 0; readout < values.length; readout++) {
            PairValue value = values[readout];
            for (int b = set.begin(); b < set.end(); b++) {
                if (sink.wants(a, b)) {
                    double[] sums = job.sums[readout];
                    int lane = 2 * (b - set.begin());
                    double kernel = value.of(
                            sums[lane],
                            sums[lane + 1],
                            headVariances(setA, a, readout),
                            headVariances(setB, b, readout));
                    sink.add(kernels[readout], a, b, share * kernel);
                }
            }
        }
    }

    /** Variances of an image at the non-linearities of the head, from its pair with itself. */
    private double[] headVariances(FactorCache set, int image, int readout) {
        return values[readout].headNeedsVariances()
                ? selfKernels(set, image).headVariances()[kernels[readout]]
                : PairValue.noVariances();
    }

    private SelfKernels selfKernels(FactorCache set, int image) {
        return set.selfKernels(image, this::selfKernels);
    }

    private SelfKernels selfKernels(ImageFactors factors, double[] pixels) {
        double[][] variances = new double[kernels()][];
        double[] diagonal = new double[task.unitDiagonal() ? kernels() : 0];
        double[][] own = self(factors, pixels, false);
        double[][] mirrored = task.unitDiagonal() && task.flip() ? self(factors, pixels, true) : own;
        for (int readout = 0; readout < values.length; readout++) {
            PairValue value = values[readout];
            double[] known = selfIsKnown[readout] ? factors.selfSums()[readout] : own[readout];
            double[] ofHead = value.headVariances(known[0], known[1]);
            variances[kernels[readout]] = ofHead;
            if (task.unitDiagonal()) {
                double kernel = share * value.of(own[readout][0], own[readout][1], ofHead, ofHead);
                kernel +=
                        task.flip() ? share * value.of(mirrored[readout][0], mirrored[readout][1], ofHead, ofHead) : 0;
                diagonal[kernels[readout]] = kernel;
            }
        }
        return new SelfKernels(variances, diagonal);
    }

    /** Sums of an image with itself or its mirror image, the same bits as in a tile: [readout][S, T~]. */
    private double[][] self(ImageFactors factors, double[] pixels, boolean mirrored) {
        if (!task.unitDiagonal() && allKnown) {
            return factors.selfSums();
        }
        LaneSet set = LaneSet.alone(program, precision, kind, factors, pixels, task.input(), mirrored);
        PairSums.Job job = newJob();
        job.image = ImageTables.of(program, precision, factors, pixels);
        job.same = set.same(factors, () -> pixels);
        pairs.compute(new PairSums.Job[] {job}, 1, set.tables());
        return job.sums;
    }

    @Override
    public void close() {
        // holds nothing but memory
    }
}
