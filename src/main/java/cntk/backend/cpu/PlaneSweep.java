package cntk.backend.cpu;

import cntk.plan.PlaneStep;
import cntk.plan.Precision;
import cntk.plan.Segment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Runs a segment on one group of planes: the geometry of the recursion (rows, seams, halos), with the arithmetic left
 * to {@link PlaneRows}. One thread at a time; allocates nothing once warm.
 *
 * <p>The plane of displacement (di, dj) holds at [i, j] the entry K[i, j, (i - di) mod H, (j - dj) mod W], so that the ragged
 * planes (di, dj) and (di - H, dj - W) and their like fill one torus of H W entries (maths.md eq. 13).
 */
final class PlaneSweep {
    /** A plane and the tables of a layer stay in an L2 cache of 1 MB up to here: 32x32 takes 128 KB, 64x64 half a megabyte. */
    static final long LARGEST_CACHED = 300 << 10;

    private static final int DEEPEST_WAVE = 4;
    static final int WAVE_ROWS = 4;

    private final Segment segment;
    private final boolean tangentAtInput;
    private final int height;
    private final int width;
    private final PlaneLayout layout;
    private final PlaneRows rows;
    private final SeamLinks seams;
    private final PlaneTensor[] tensors;
    private final WaveLayer[] wave;
    private final int[] waves; // by step: how many layers from there on may run together
    private final PlaneRows.Factors factors; // of the one layer that runs alone
    private final int[] window;
    private final Cells[] saved;
    private final int[] slots;
    private boolean wrapped; // what the halo columns hold: the other side of the image, or zeros
    private int base; // slot of row 0
    private @Nullable ImageTables image; // null: every lane is an image with itself
    private LaneTables lanes;
    private int di;
    private int dj;
    private int activations; // done
    private @Nullable Cells waveLinks;

    @SuppressWarnings("NullAway.Init") // the lanes come with start()
    PlaneSweep(Segment segment, boolean tangentAtInput, Precision precision, SeamLinks seams, PlaneTensor[] tensors) {
        this.segment = segment;
        this.tangentAtInput = tangentAtInput;
        this.height = segment.height();
        this.width = segment.width();
        int deepest = deepestWave(segment, precision);
        this.rows = PlaneRows.of(precision, height, width, segment.radius(), Math.max(2 * segment.radius(), deepest));
        this.layout = rows.layout;
        this.seams = seams;
        this.tensors = tensors;
        this.wave = new WaveLayer[deepest];
        Arrays.setAll(wave, _ -> new WaveLayer(segment, precision, rows.cells()));
        this.waves = waves(segment, deepest);
        this.factors = wave[0].factors;
        this.window = new int[2 * segment.radius() + 1];
        this.saved = new Cells[segment.saved()];
        Arrays.setAll(saved, _ -> Cells.of(precision, height * layout.columnStride() * width));
        this.slots = new int[height];
    }

    /**
     * Points at a plane; then come {@link #step} for every step of the segment.
     *
     * @param image a, or null where every lane is an image with itself
     * @param di row displacement, 0..H-1
     * @param dj column displacement (of the first lane), 0..W-1
     */
    void start(@Nullable ImageTables image, LaneTables lanes, int di, int dj) {
        this.image = image;
        this.lanes = lanes;
        this.di = di;
        this.dj = dj;
        base = layout.lowestBase();
        activations = segment.firstActivation();
    }

    /** Layers that run together: more than one only where a plane does not fit the cache between two of them. */
    private static int deepestWave(Segment segment, Precision precision) {
        long bytes = 2L * segment.height() * segment.width() * PlaneRows.lanes(precision) * precision.bytes();
        return bytes > LARGEST_CACHED ? DEEPEST_WAVE : 1;
    }

    private static int[] waves(Segment segment, int deepest) {
        int[] waves = new int[segment.steps().size()];
        for (int index = waves.length - 1; index >= 0; index--) {
            int next = index + 1 < waves.length ? waves[index + 1] : 0;
            waves[index] = mayJoin(segment.steps().get(index)) ? Math.min(deepest, next + 1) : 0;
        }
        return waves;
    }

    private static boolean mayJoin(PlaneStep step) {
        return step instanceof PlaneStep.ConvRelu(PlaneStep.Conv conv)
                && conv.radius() == 1
                && !conv.circular()
                && (conv.train() || conv.first());
    }

    /** How many layers from step {@code index} on can run as a wave now; 1 or less where the step has to go alone. */
    int waveAt(int index) {
        int room = Math.max(base - layout.lowestBase(), layout.highestBase() - base);
        return image == null ? 1 : Math.min(waves[index], room);
    }

    /** Lays out a wave: a few rows of its first layer, then the rows of the second that these complete, and so on. */
    void startWave(int index, int layers) {
        boolean upwards = base - layers >= layout.lowestBase();
        for (int layer = 0; layer < layers; layer++) {
            PlaneStep.Conv conv = ((PlaneStep.ConvRelu) segment.steps().get(index + layer)).conv();
            haloColumns(conv);
            waveLinks = links(conv, true);
            prepare(wave[layer], conv, upwards);
        }
    }

    /** Rows {@code begin..begin + WAVE_ROWS} of the first layer of a wave, and what they complete of the others. */
    void ripple(int begin, int layers) {
        for (int layer = 0; layer < layers; layer++) {
            int first = Math.max(0, begin - layer);
            int end = Math.min(height, begin - layer + WAVE_ROWS);
            if (first < end) {
                rows.convolveRelu(wave[layer].plan, first, end, wave[layer].factors, waveLinks);
            }
        }
    }

    private void input() {
        for (int i = 0; i < height; i++) {
            int row = layout.slot(base + i);
            int theirs = lanes.pixelRow(partner(i), dj);
            if (image != null) {
                rows.input(row, image, i, lanes, theirs, tangentAtInput);
            } else {
                ((DoubleRows) rows).inputSelf(row, lanes, lanes.pixelRow(i, 0), theirs, tangentAtInput);
            }
        }
    }

    private void load(PlaneTensor tensor) {
        for (int i = 0; i < height; i++) {
            rows.cells().copyFrom(tensor.cells(), tensor.row(di, dj, i), layout.slot(base + i), tensor.rowLength());
        }
    }

    private void send(PlaneTensor tensor) {
        for (int i = 0; i < height; i++) {
            slots[i] = layout.slot(base + i);
        }
        tensor.add(rows, slots, layout.zeroRow(), di, dj);
    }

    void step(PlaneStep step) {
        switch (step) {
            case PlaneStep.Conv conv -> convolve(conv, false);
            case PlaneStep.ConvRelu(PlaneStep.Conv conv) -> convolve(conv, true);
            case PlaneStep.Relu() -> {
                bindActivation(wave[0]);
                for (int i = 0; i < height; i++) {
                    aim(i);
                    rows.take(layout.slot(base + i));
                    rows.relu(layout.slot(base + i), factors);
                }
            }
            case PlaneStep.Nonlinear nonlinear -> {
                bindActivation(wave[0]);
                apply(nonlinear);
            }
            case PlaneStep.Scale(double factor) -> scale(factor);
            case PlaneStep.Input() -> input();
            case PlaneStep.Load(int tensor) -> load(tensors[tensor]);
            case PlaneStep.Send(int tensor) -> send(tensors[tensor]);
            case PlaneStep.Read _ -> throw new IllegalStateException("sums are added by the readouts");
            case PlaneStep.Restore(int depth) -> {
                for (int i = 0; i < height; i++) {
                    rows.cells().copyFrom(saved[depth], i * savedRow(), layout.slot(base + i), savedRow());
                }
            }
            case PlaneStep.Save(int depth) -> {
                for (int i = 0; i < height; i++) {
                    saved[depth].copyFrom(rows.cells(), layout.slot(base + i), i * savedRow(), savedRow());
                }
            }
            case PlaneStep.AddSaved(int depth, double factor) -> {
                for (int i = 0; i < height; i++) {
                    rows.addRow(saved[depth], i * savedRow(), factor, layout.slot(base + i));
                }
            }
        }
    }

    private int savedRow() {
        return width * layout.columnStride();
    }

    private void apply(PlaneStep.Nonlinear step) {
        for (int i = 0; i < height; i++) {
            aim(i);
            rows.take(layout.slot(base + i));
            rows.apply(step, layout.slot(base + i), factors);
        }
    }

    /** The arithmetic, for who reads the planes where they stand. */
    PlaneRows rows() {
        return rows;
    }

    int height() {
        return height;
    }

    int width() {
        return width;
    }

    /** Offset of row i of the plane. */
    int slot(int i) {
        return layout.slot(base + i);
    }

    /**
     * Points the factors at the next activation. Those of image a are copied next to the planes: read where they lie, 64 bytes
     * for every 8 columns, each line came late from the last-level cache (21 layers, flatten: 14 instead of 11.7 us a pair).
     */
    private void bindActivation(WaveLayer layer) {
        PlaneRows.Factors to = layer.factors;
        to.columnStep = lanes.factorStep();
        to.imageIsLanes = image == null;
        to.lanes = lanes.factors(activations);
        to.inverseOffset = lanes.inverseOffset(activations);
        if (image == null) {
            to.image = to.lanes;
        } else if (wave.length > 1) {
            to.image = image.factors()[activations];
        } else {
            layer.imageFactors.copyAll(image.factors()[activations]);
            to.image = layer.imageFactors;
        }
        activations++;
    }

    private static void bindBias(PlaneStep.Conv conv, PlaneRows.Factors to) {
        to.bias = conv.bias();
        to.tangentBias = conv.train() ? conv.bias() : 0;
    }

    private void convolve(PlaneStep.Conv conv, boolean relu) {
        int radius = conv.radius();
        haloColumns(conv);
        if (conv.circular()) {
            haloRows(radius);
        }
        boolean upwards = base - radius >= layout.lowestBase();
        if (radius == 1 && relu && (conv.train() || conv.first()) && image != null) {
            Cells links = links(conv, true);
            prepare(wave[0], conv, upwards);
            rows.convolveRelu(wave[0].plan, 0, height, wave[0].factors, links);
            return;
        }
        if (relu) {
            bindActivation(wave[0]);
        }
        bindBias(conv, factors);
        separate(conv, relu, upwards, upwards ? -radius : radius);
        base += upwards ? -radius : radius;
    }

    /** Lays out the rows of a fused layer from where the plane stands, and moves on to where it will stand. */
    private void prepare(WaveLayer layer, PlaneStep.Conv conv, boolean upwards) {
        bindActivation(layer);
        bindBias(conv, layer.factors);
        int shift = upwards ? -1 : 1;
        layer.plan.clear();
        for (int k = 0; k < height; k++) {
            int i = upwards ? k : height - 1 - k;
            layer.plan.add(
                    neighbour(i, -1, conv.circular()),
                    layout.slot(base + i),
                    neighbour(i, 1, conv.circular()),
                    layout.slot(base + shift + i),
                    2 * i * width,
                    lanes.factorRow(activations - 1, partner(i), dj));
        }
        base += shift;
    }

    private void separate(PlaneStep.Conv conv, boolean relu, boolean upwards, int shift) {
        Cells links = links(conv, false);
        for (int k = 0; k < height; k++) {
            int i = upwards ? k : height - 1 - k;
            windowRows(i, conv);
            rows.windowSums(window, conv.radius(), links, factors, conv.train() || conv.first());
            if (relu) {
                aim(i);
                rows.relu(layout.slot(base + shift + i), factors);
            } else {
                rows.keep(layout.slot(base + shift + i));
            }
        }
    }

    private void scale(double factor) {
        for (int i = 0; i < height; i++) {
            rows.scale(layout.slot(base + i), factor);
        }
    }

    /** Points the factors at row i of image a and the row of b that meets it. */
    private void aim(int i) {
        factors.imageAt = image == null ? lanes.factorRow(activations - 1, i, 0) : 2 * i * width;
        factors.lanesAt = lanes.factorRow(activations - 1, partner(i), dj);
    }

    /** The row of image b that meets row i of image a. */
    private int partner(int i) {
        return i < di ? i - di + height : i - di;
    }

    private @Nullable Cells links(PlaneStep.Conv conv, boolean fused) {
        boolean perLane = lanes.kind() == LaneTables.Lanes.DISPLACEMENTS;
        if (fused && perLane) {
            return seams.near(dj, true, conv.circular());
        }
        if (conv.circular() || (!perLane && dj == 0)) {
            return null; // the halo columns say it all
        }
        return fused ? seams.near(dj, false, false) : seams.wide(conv.radius(), dj, perLane);
    }

    private void windowRows(int i, PlaneStep.Conv conv) {
        window[0] = layout.slot(base + i);
        int[] around = WindowOrder.around(conv.radius());
        for (int k = 0; k < around.length; k++) {
            window[k + 1] = neighbour(i, around[k], conv.circular());
        }
    }

    /**
     * Where row i + u of the plane stands: past the border of the image or the seam between rows di-1 and di it is the row of
     * zeros; a plane that wraps has its copies beyond both ends ({@link #haloRows}).
     */
    private int neighbour(int i, int u, boolean circular) {
        int row = i + u;
        boolean inside = row >= 0 && row < height && (row < di) == (i < di);
        return circular || inside ? layout.slot(base + row) : layout.zeroRow();
    }

    private void haloColumns(PlaneStep.Conv conv) {
        int column = layout.columnStride();
        if (!conv.circular()) {
            for (int at = 0; wrapped && at < layout.cells(); at += layout.rowStride()) {
                rows.cells().zero(at, layout.radius() * column);
                rows.cells().zero(at + (layout.radius() + width) * column, layout.radius() * column);
            }
            wrapped = false;
            return;
        }
        wrapped = true;
        for (int i = 0; i < height; i++) {
            int row = layout.slot(base + i);
            for (int k = 0; k < conv.radius(); k++) {
                rows.cells().copy(row + Math.floorMod(-1 - k, width) * column, row - (1 + k) * column, column);
                rows.cells().copy(row + k % width * column, row + (width + k) * column, column);
            }
        }
    }

    /** Copies the rows that wrapped windows reach beyond both ends. */
    private void haloRows(int radius) {
        for (int k = 0; k < radius; k++) {
            copyRow(Math.floorMod(-1 - k, height), -1 - k);
            copyRow(k % height, height + k);
        }
    }

    private void copyRow(int from, int to) {
        int halo = layout.radius() * layout.columnStride();
        rows.cells().copy(layout.slot(base + from) - halo, layout.slot(base + to) - halo, layout.rowStride());
    }
}
