// Sums in a fixed order, in double: same inputs, same bits.
#pragma once
#include "device.cuh"

/** Sum over the lanes of a warp, the same in every lane. */
DEVICE double warp_sum(double x) {
    for (int offset = kWarp / 2; offset > 0; offset /= 2) {
        x += __shfl_xor_sync(kAllLanes, x, offset);
    }
    return x;
}
