package cntk.backend.cpu;

import cntk.plan.PlaneProgram;
import cntk.plan.PlaneStep;
import cntk.plan.Precision;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Runs a plane program on one group of planes: the geometry of the recursion (rows, seams, halos), with the arithmetic left
 * to {@link PlaneRows}. One thread at a time; allocates nothing once warm.
 *
 * <p>The plane of displacement (di, dj) holds at [i, j] the entry K[i, j, (i - di) mod H, (j - dj) mod W], so that the ragged
 * planes (di, dj) and (di - H, dj - W) and their like fill one torus of H W entries (maths.md eq. 12).
 */
final class PlaneSweep {
    private final PlaneProgram program;
    private final int height;
    private final int width;
    private final PlaneLayout layout;
    private final PlaneRows rows;
    private final SeamLinks seams;
    private final PlaneRows.Factors factors;
    private final int[] window;
    private final RowPlan plan;
    private final Cells imageFactors;
    private boolean wrapped; // what the halo columns hold: the other side of the image, or zeros
    private int base; // slot of row 0
    private ImageTables image;
    private LaneTables lanes;
    private int di;
    private int dj;
    private int relus; // done

    @SuppressWarnings("NullAway.Init") // image and lanes come with start()
    PlaneSweep(PlaneProgram program, Precision precision, int height, int width, SeamLinks seams) {
        this.program = program;
        this.height = height;
        this.width = width;
        this.rows = PlaneRows.of(precision, height, width, program.radius());
        this.layout = rows.layout;
        this.seams = seams;
        this.factors = new PlaneRows.Factors(rows.cells());
        this.window = new int[2 * program.radius() + 1];
        this.plan = new RowPlan(height);
        this.imageFactors = Cells.of(precision, 2 * height * width);
    }

    /**
     * Sets out with image a and the images or displacements of the lanes; then come {@link #step} for every step of the program
     * and {@link #finish}.
     *
     * @param di row displacement, 0..H-1
     * @param dj column displacement (of the first lane), 0..W-1
     */
    void start(ImageTables image, LaneTables lanes, int di, int dj) {
        this.image = image;
        this.lanes = lanes;
        this.di = di;
        this.dj = dj;
        base = layout.lowestBase();
        relus = 0;
        factors.columnStep = lanes.factorStep();
        factors.inverseOffset = lanes.inverseOffset();
        for (int i = 0; i < height; i++) {
            int at = lanes.pixelRow(partner(i), dj);
            rows.input(layout.slot(base + i), image, i, lanes, at, program.tangentAtInput());
        }
    }

    void step(PlaneStep step) {
        switch (step) {
            case PlaneStep.Conv conv -> convolve(conv);
            case PlaneStep.Relu() -> relu();
            case PlaneStep.Scale(double factor) -> scale(factor);
        }
    }

    /**
     * Reads out the planes.
     *
     * @param totals filled with the sums over each plane, S of every lane and then T~ of every lane
     */
    void finish(double[] totals) {
        Arrays.fill(totals, 0);
        for (int i = 0; i < height; i++) {
            rows.addTotals(layout.slot(base + i), totals);
        }
    }

    /**
     * Points the factors at the next ReLU. Those of image a are copied next to the planes: read where they lie, 64 bytes for
     * every 8 columns, each line came late from the last-level cache (21 layers, flatten: 14 instead of 11.7 us a pair).
     */
    private void bindRelu() {
        imageFactors.copyAll(image.factors()[relus]);
        factors.image = imageFactors;
        factors.lanes = lanes.factors(relus);
        relus++;
    }

    private void convolve(PlaneStep.Conv conv) {
        int radius = conv.radius();
        haloColumns(conv);
        if (conv.circular()) {
            haloRows(radius);
        }
        factors.bias = conv.bias();
        factors.tangentBias = conv.train() ? conv.bias() : 0;
        if (conv.relu()) {
            bindRelu();
        }
        boolean upwards = base - radius >= layout.lowestBase();
        int shift = upwards ? -radius : radius;
        if (radius == 1 && conv.relu() && (conv.train() || conv.first())) {
            fused(conv, upwards, shift);
        } else {
            separate(conv, upwards, shift);
        }
        base += shift;
    }

    private void fused(PlaneStep.Conv conv, boolean upwards, int shift) {
        plan.clear();
        for (int k = 0; k < height; k++) {
            int i = upwards ? k : height - 1 - k;
            plan.add(
                    neighbour(i, -1, conv.circular()),
                    layout.slot(base + i),
                    neighbour(i, 1, conv.circular()),
                    layout.slot(base + shift + i),
                    2 * i * width,
                    lanes.factorRow(partner(i), dj));
        }
        rows.convolveRelu(plan, factors, links(conv, true));
    }

    private void separate(PlaneStep.Conv conv, boolean upwards, int shift) {
        Cells links = links(conv, false);
        for (int k = 0; k < height; k++) {
            int i = upwards ? k : height - 1 - k;
            windowRows(i, conv);
            rows.windowSums(window, conv.radius(), links, factors, conv.train() || conv.first());
            if (conv.relu()) {
                aim(i);
                rows.relu(layout.slot(base + shift + i), factors);
            } else {
                rows.keep(layout.slot(base + shift + i));
            }
        }
    }

    private void relu() {
        bindRelu();
        for (int i = 0; i < height; i++) {
            aim(i);
            rows.take(layout.slot(base + i));
            rows.relu(layout.slot(base + i), factors);
        }
    }

    private void scale(double factor) {
        for (int i = 0; i < height; i++) {
            rows.scale(layout.slot(base + i), factor);
        }
    }

    /** Points the factors at row i of image a and the row of b that meets it. */
    private void aim(int i) {
        factors.imageAt = 2 * i * width;
        factors.lanesAt = lanes.factorRow(partner(i), dj);
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
