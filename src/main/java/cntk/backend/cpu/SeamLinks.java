package cntk.backend.cpu;

import cntk.plan.Precision;
import org.jspecify.annotations.Nullable;

/**
 * Which columns of a folded plane are neighbours. The plane of column displacement dj holds two pieces that meet between
 * columns dj-1 and dj without touching: under zero padding nothing passes that seam, nor the border of the image. Links are 0/1
 * factors, one per column and lane; without padding to mask (circular) every link is 1. maths.md eq. 14.
 */
final class SeamLinks {
    private final Precision precision;
    private final int width;
    private final int lanes;
    private final @Nullable Cells[] near;
    private final @Nullable Cells[][] wide;

    SeamLinks(Precision precision, int width, int radius) {
        this.precision = precision;
        this.width = width;
        this.lanes = PlaneRows.lanes(precision);
        this.near = new Cells[width + 1];
        this.wide = new Cells[radius + 1][width + 1];
    }

    /**
     * For 3x3 windows: element [j][lane], j = 0..W, links columns j-1 and j.
     *
     * @param dj displacement of the first lane
     * @param perLane whether the next lanes have the next displacements
     */
    Cells near(int dj, boolean perLane, boolean circular) {
        int slot = circular ? width : dj;
        Cells known = near[slot];
        if (known == null) {
            known = Cells.of(precision, (width + 1) * lanes);
            for (int j = 0; j <= width; j++) {
                for (int lane = 0; lane < lanes; lane++) {
                    known.set(j * lanes + lane, circular || linked(j - 1, 1, seam(dj, lane, perLane)) ? 1 : 0);
                }
            }
            near[slot] = known;
        }
        return known;
    }

    /** For any window: element [offset in WindowOrder][j][S, T~][lane] links columns j and j + offset. */
    Cells wide(int radius, int dj, boolean perLane) {
        Cells known = wide[radius][dj];
        if (known == null) {
            int[] offsets = WindowOrder.around(radius);
            known = Cells.of(precision, offsets.length * width * 2 * lanes);
            int at = 0;
            for (int offset : offsets) {
                for (int j = 0; j < width; j++) {
                    for (int lane = 0; lane < 2 * lanes; lane++) {
                        known.set(at++, linked(j, offset, seam(dj, lane % lanes, perLane)) ? 1 : 0);
                    }
                }
            }
            wide[radius][dj] = known;
        }
        return known;
    }

    /** Lanes past the last displacement repeat the first ones; nobody reads them. */
    private int seam(int dj, int lane, boolean perLane) {
        return perLane ? (dj + lane) % width : dj;
    }

    private boolean linked(int j, int offset, int seam) {
        int other = j + offset;
        return j >= 0 && other >= 0 && other < width && (j < seam) == (other < seam);
    }
}
