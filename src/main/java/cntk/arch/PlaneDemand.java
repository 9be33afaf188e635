package cntk.arch;

import cntk.dataset.ImageShape;

/**
 * Which displacement planes of the 4-D tensor K[i,j,i',j'] a network reads at one place: those where i-i' and j-j' are multiples
 * of {@code step}, at most {@code rowReach} and {@code colReach}, in pixels. (0,0) is the trace plane alone (flatten);
 * (H-1,W-1) with step 1 is everything. It may name more planes than needed, never fewer; maths.md eq. 30.
 */
public record PlaneDemand(int rowReach, int colReach, int step) {
    /** Equal pixels only. */
    public static final PlaneDemand TRACE = new PlaneDemand(0, 0, 1);

    public PlaneDemand {
        if (rowReach < 0 || colReach < 0 || step < 1 || rowReach % step != 0 || colReach % step != 0) {
            throw new IllegalArgumentException("reach " + rowReach + ", " + colReach + ", step " + step);
        }
        step = rowReach == 0 && colReach == 0 ? 1 : step;
    }

    /** All displacements up to the reach. */
    public PlaneDemand(int rowReach, int colReach) {
        this(rowReach, colReach, 1);
    }

    static PlaneDemand of(Readout readout, Extent extent) {
        return switch (readout) {
            case FLATTEN -> TRACE;
            case GLOBAL_AVERAGE_POOL -> new PlaneDemand(extent.height() - 1, extent.width() - 1);
        };
    }

    /** What is read before a convolution that stands on {@code extent} to have this behind it: only the shifts of its stride. */
    PlaneDemand beforeConvolution(Window window, Extent extent) {
        int stride = window.stride();
        return new PlaneDemand(stride * rowReach, stride * colReach, stride * step).within(extent);
    }

    /** What is read before a pooling layer that stands on {@code extent} to have this behind it: k-1 more to either side. */
    PlaneDemand beforePooling(Window window, Extent extent) {
        int more = window.k() - 1;
        int stride = window.stride();
        return new PlaneDemand(stride * rowReach + more, stride * colReach + more, more > 0 ? 1 : stride * step)
                .within(extent);
    }

    /** What either of two reads. */
    PlaneDemand or(PlaneDemand other) {
        if (onlyEqualPixels() || other.onlyEqualPixels()) {
            return onlyEqualPixels() ? other : this;
        }
        return new PlaneDemand(
                Math.max(rowReach, other.rowReach), Math.max(colReach, other.colReach), gcd(step, other.step));
    }

    private PlaneDemand within(Extent extent) {
        int rows = Math.min(rowReach, (extent.height() - 1) / step * step);
        int cols = Math.min(colReach, (extent.width() - 1) / step * step);
        return new PlaneDemand(rows, cols, step);
    }

    private static int gcd(int left, int right) {
        return right == 0 ? left : gcd(right, left % right);
    }

    /** Whether only plane (0,0), where both pixels are the same, is read. */
    public boolean onlyEqualPixels() {
        return rowReach == 0 && colReach == 0;
    }

    /**
     * Planes to compute for H x W images when planes that differ by H rows or W columns are folded into one torus plane of
     * H W entries: at most H W of them.
     */
    public long torusPlanes(Extent extent) {
        return (long) folded(rowReach, extent.height()) * folded(colReach, extent.width());
    }

    /** The same for the input images. */
    public long torusPlanes(ImageShape shape) {
        return torusPlanes(Extent.of(shape));
    }

    /** Displacements from -reach to reach that differ modulo the side. */
    private int folded(int reach, int side) {
        boolean[] found = new boolean[side];
        int count = 0;
        for (int displacement = -reach; displacement <= reach; displacement += step) {
            int folded = Math.floorMod(displacement, side);
            count += found[folded] ? 0 : 1;
            found[folded] = true;
        }
        return count;
    }

    /** Entries of the 4-D tensor to compute per pair of images of this extent. */
    public long entries(Extent extent) {
        return torusPlanes(extent) * extent.pixels();
    }
}
