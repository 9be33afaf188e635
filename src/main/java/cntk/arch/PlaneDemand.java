package cntk.arch;

import cntk.dataset.ImageShape;

/**
 * Which displacement planes of the 4-D tensor K[i,j,i',j'] a network reads: those with |i-i'| at most {@code rowReach} and
 * |j-j'| at most {@code colReach}, in pixels. (0,0) is the trace plane alone (flatten); (H-1,W-1) is everything.
 */
public record PlaneDemand(int rowReach, int colReach) {
    public PlaneDemand {
        if (rowReach < 0 || colReach < 0) {
            throw new IllegalArgumentException("reach " + rowReach + ", " + colReach);
        }
    }

    static PlaneDemand of(Readout readout, ImageShape shape) {
        return switch (readout) {
            case FLATTEN -> new PlaneDemand(0, 0);
            case GLOBAL_AVERAGE_POOL -> new PlaneDemand(shape.height() - 1, shape.width() - 1);
        };
    }

    /** Whether only plane (0,0), where both pixels are the same, is read. */
    public boolean onlyEqualPixels() {
        return rowReach == 0 && colReach == 0;
    }

    /**
     * Planes to compute for H x W images when planes that differ by H rows or W columns are folded into one torus plane of
     * H W entries: at most H W of them.
     */
    public long torusPlanes(ImageShape shape) {
        return (long) Math.min(shape.height(), 2 * rowReach + 1) * Math.min(shape.width(), 2 * colReach + 1);
    }

    /** Entries of the 4-D tensor to compute per pair of H x W images and layer. */
    public long entries(ImageShape shape) {
        return torusPlanes(shape) * shape.pixels();
    }
}
