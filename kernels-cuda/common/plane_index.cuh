// Where entries of a torus plane stand; src/docs/maths.md, eq. 13 and 14.
#pragma once
#include "device.cuh"

/** The pixel of image b that meets pixel p of image a at displacement d: (p - d) mod side. */
DEVICE int partner(int p, int d, int side) { return p < d ? p - d + side : p - d; }

DEVICE int floor_mod(int p, int side) {
    const int r = p % side;
    return r < 0 ? r + side : r;
}

/**
 * Neighbour p + u in a plane of displacement d, or -1 where nothing passes: past the border of the image or the seam
 * between d-1 and d (eq. 14).
 */
DEVICE int neighbour(int p, int u, int d, int side, bool circular) {
    const int q = p + u;
    if (circular) {
        return floor_mod(q, side);
    }
    return q >= 0 && q < side && (q < d) == (p < d) ? q : -1;
}
