package cntk.backend.cpu;

import cntk.arch.Network;
import cntk.backend.TileBackend;
import cntk.backend.cpu.LaneTables.Lanes;
import cntk.plan.KernelKind;
import cntk.plan.PlaneProgram;
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
    private final PlaneProgram program;
    private final Precision precision;
    private final FactorCache rows;
    private final FactorCache cols;
    private final Lanes kind;
    private final int laneImages;
    private final boolean selfIsKnown; // with the factors
    private final PairSums pairs;
    private final PairValue value;
    private final PairSums.Job[] jobs;
    private final int[] group;

    CpuTileBackend(
            String name,
            Network network,
            PlaneProgram program,
            KernelKind kernel,
            Precision precision,
            FactorCache rows,
            FactorCache cols) {
        this.name = name;
        this.program = program;
        this.precision = precision;
        this.rows = rows;
        this.cols = cols;
        this.kind = PairSums.lanes(program, precision);
        this.laneImages = kind == Lanes.IMAGES ? PlaneRows.lanes(precision) : 1;
        this.selfIsKnown = program.segments().size() > 1 || program.last().planes() == 1;
        this.pairs = new PairSums(program, precision);
        this.value = new PairValue(network, program, kernel);
        this.jobs = new PairSums.Job[pairs.group()];
        this.group = new int[pairs.group()];
        Arrays.setAll(jobs, _ -> new PairSums.Job(PlaneRows.lanes(precision)));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void compute(Tile tile, double[] out) throws InterruptedException {
        if (rows != cols) {
            PairSink sink = new PairSink.Block(tile, out);
            block(rows, cols, tile.rowBegin(), tile.rowEnd(), tile.colBegin(), tile.colEnd(), sink);
            return;
        }
        // Of a symmetric pair the smaller number is always image a: sums over planes depend on their order.
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
            lanes.add(laneSet(setB, first, Math.min(bEnd, first + laneImages)));
        }
        for (int chunk = aBegin; chunk < aEnd; chunk += CHUNK) {
            int end = Math.min(aEnd, chunk + CHUNK);
            ImageTables[] images = new ImageTables[end - chunk];
            for (int a = chunk; a < end; a++) {
                double[] values = setA.values(a);
                images[a - chunk] = ImageTables.of(program, precision, setA.factors(a, values), values);
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
            if (set.anyWanted(aBegin + k, sink)) {
                group[waiting] = aBegin + k;
                jobs[waiting].image = images[k];
                jobs[waiting].same = set.same(setA, aBegin + k, images[k].image(), setB);
                waiting++;
            }
            if (waiting == jobs.length || (waiting > 0 && k == images.length - 1)) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                pairs.compute(jobs, waiting, set.tables);
                for (int job = 0; job < waiting; job++) {
                    put(setA, group[job], setB, set, jobs[job].sums, sink);
                }
                waiting = 0;
            }
        }
    }

    private void put(FactorCache setA, int a, FactorCache setB, LaneSet set, double[] sums, PairSink sink) {
        for (int b = set.begin; b < set.end; b++) {
            if (sink.wants(a, b)) {
                int lane = b - set.begin;
                double kernel =
                        value.of(sums[2 * lane], sums[2 * lane + 1], headVariances(setA, a), headVariances(setB, b));
                sink.put(a, b, precision == Precision.F32 ? (float) kernel : kernel);
            }
        }
    }

    /** Variances of an image at the ReLUs of the head, from its pair with itself. */
    private double[] headVariances(FactorCache set, int image) {
        return value.headNeedsVariances() ? set.headVariances(image, this::selfVariances) : FactorCache.NONE;
    }

    private double[] selfVariances(ImageFactors factors, double[] values) {
        if (selfIsKnown) {
            return value.headVariances(factors.selfS(), factors.selfTangent());
        }
        ImageTables image = ImageTables.of(program, precision, factors, values);
        LaneTables lanes = laneTables(List.of(factors), List.of(values));
        PairSums.Job self = new PairSums.Job(PlaneRows.lanes(precision));
        self.image = image;
        self.same = 1;
        pairs.compute(new PairSums.Job[] {self}, 1, lanes);
        return value.headVariances(self.sums[0], self.sums[1]);
    }

    private LaneSet laneSet(FactorCache images, int begin, int end) {
        List<double[]> values = new ArrayList<>();
        List<ImageFactors> factors = new ArrayList<>();
        for (int b = begin; b < end; b++) {
            double[] value = images.values(b);
            values.add(value);
            factors.add(images.factors(b, value));
        }
        return new LaneSet(begin, end, factors, laneTables(factors, values));
    }

    private LaneTables laneTables(List<ImageFactors> factors, List<double[]> values) {
        return switch (kind) {
            case DISPLACEMENTS -> LaneTables.ofDisplacements(program, precision, factors.getFirst(), values.getFirst());
            case IMAGES -> LaneTables.ofImages(program, precision, factors, values);
        };
    }

    @Override
    public void close() {
        // holds nothing but memory
    }

    /** Images {@code begin..end} of a set and their tables. */
    private record LaneSet(int begin, int end, List<ImageFactors> factors, LaneTables tables) {
        boolean anyWanted(int a, PairSink sink) {
            for (int b = begin; b < end; b++) {
                if (sink.wants(a, b)) {
                    return true;
                }
            }
            return false;
        }

        /** Bit set of the lanes whose image is image a, pixel for pixel. */
        long same(FactorCache setA, int a, ImageFactors image, FactorCache setB) {
            long same = 0;
            for (int b = begin; b < end; b++) {
                boolean sameIndex = setA == setB && a == b;
                boolean sameHash = factors.get(b - begin).hash() == image.hash();
                boolean equal = sameIndex || (sameHash && Arrays.equals(setA.values(a), setB.values(b)));
                same |= equal ? (1L << (b - begin)) : 0;
            }
            return same;
        }
    }
}
