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
    private boolean wrapped; // what the halo columns hold: the other side of the image, or zeros
    private int base; // slot of row 0

    PlaneSweep(PlaneProgram program, Precision precision, int height, int width) {
        this.program = program;
        this.height = height;
        this.width = width;
        this.rows = PlaneRows.of(precision, height, width, program.radius());
        this.layout = rows.layout;
        this.seams = new SeamLinks(precision, width, program.radius());
        this.factors = new PlaneRows.Factors(rows.cells());
        this.window = new int[2 * program.radius() + 1];
    }

    /**
     * Runs the program for image a and the images or displacements of the lanes.
     *
     * @param di row displacement, 0..H-1
     * @param dj column displacement (of the first lane), 0..W-1
     * @param totals filled with the sums over each plane, S of every lane and then T~ of every lane
     */
    void run(ImageTables image, LaneTables lanes, int di, int dj, double[] totals) {
        base = layout.lowestBase();
        factors.columnStep = lanes.factorStep();
        factors.inverseOffset = lanes.inverseOffset();
        for (int i = 0; i < height; i++) {
            int at = lanes.pixelRow(Math.floorMod(i - di, height), dj);
            rows.input(layout.slot(base + i), image, i, lanes, at, program.tangentAtInput());
        }
        int relu = 0;
        for (PlaneStep step : program.steps()) {
            switch (step) {
                case PlaneStep.Conv conv -> {
                    bind(image, lanes, conv.relu() ? relu++ : -1);
                    convolve(conv, lanes, di, dj);
                }
                case PlaneStep.Relu() -> {
                    bind(image, lanes, relu++);
                    relu(lanes, di, dj);
                }
                case PlaneStep.Scale(double factor) -> scale(factor);
            }
        }
        Arrays.fill(totals, 0);
        for (int i = 0; i < height; i++) {
            rows.addTotals(layout.slot(base + i), totals);
        }
    }

    private void bind(ImageTables image, LaneTables lanes, int relu) {
        if (relu >= 0) {
            factors.image = image.factors()[relu];
            factors.lanes = lanes.factors(relu);
        }
    }

    private void convolve(PlaneStep.Conv conv, LaneTables lanes, int di, int dj) {
        int radius = conv.radius();
        haloColumns(conv);
        boolean upwards = base - radius >= layout.lowestBase();
        if (conv.circular()) {
            haloRows(radius);
        }
        factors.bias = conv.bias();
        factors.tangentBias = conv.train() ? conv.bias() : 0;
        boolean fused = radius == 1 && conv.relu() && (conv.train() || conv.first()) && rows.fuses(lanes);
        Cells links = links(conv, lanes, dj, fused);
        int shift = upwards ? -radius : radius;
        for (int k = 0; k < height; k++) {
            int i = upwards ? k : height - 1 - k;
            int out = layout.slot(base + shift + i);
            aim(i, lanes, di, dj);
            if (fused) {
                int above = neighbour(i, -1, conv.circular(), di);
                int below = neighbour(i, 1, conv.circular(), di);
                rows.convolveRelu(above, layout.slot(base + i), below, out, factors, links);
            } else {
                windowRows(i, conv, di);
                rows.windowSums(window, radius, links, factors, conv.train() || conv.first());
                if (conv.relu()) {
                    rows.relu(out, factors);
                } else {
                    rows.keep(out);
                }
            }
        }
        base += shift;
    }

    private void relu(LaneTables lanes, int di, int dj) {
        for (int i = 0; i < height; i++) {
            aim(i, lanes, di, dj);
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
    private void aim(int i, LaneTables lanes, int di, int dj) {
        factors.imageAt = 2 * i * width;
        factors.lanesAt = lanes.factorRow(Math.floorMod(i - di, height), dj);
    }

    private @Nullable Cells links(PlaneStep.Conv conv, LaneTables lanes, int dj, boolean fused) {
        boolean perLane = lanes.kind() == LaneTables.Lanes.DISPLACEMENTS;
        if (fused && perLane) {
            return seams.near(dj, true, conv.circular());
        }
        if (conv.circular() || (!perLane && dj == 0)) {
            return null; // the halo columns say it all
        }
        return fused ? seams.near(dj, false, false) : seams.wide(conv.radius(), dj, perLane);
    }

    private void windowRows(int i, PlaneStep.Conv conv, int di) {
        window[0] = layout.slot(base + i);
        int[] around = WindowOrder.around(conv.radius());
        for (int k = 0; k < around.length; k++) {
            window[k + 1] = neighbour(i, around[k], conv.circular(), di);
        }
    }

    /**
     * Where row i + u of the plane stands: past the border of the image or the seam between rows di-1 and di it is the row of
     * zeros; a plane that wraps has its copies beyond both ends ({@link #haloRows}).
     */
    private int neighbour(int i, int u, boolean circular, int di) {
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
