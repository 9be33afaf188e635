/*
 * sum_planes: sums over the planes of a pair, for every readout of a segment.
 *
 * Maths     src/docs/maths.md, eq. 8, 9 and 32
 * Oracle    maths/PixelPairs.java, method mean
 * Shapes    partials       in   double2 {S, T~} [pair][readout][parts]: by plane_program (parts = planes) or plane_recursion
 *           out            out  double2 [pair][readout]; sums of plane_recursion are in units of the run
 * Mapping   one warp per pair and readout: blockIdx.x = pair, blockIdx.y = readout; lane l adds parts l, l + 32, ..., then the
 *           lanes in a fixed tree
 * Budget    sum_planes: regs <= 96, smem <= 0 B, spills 0
 *           16 B of traffic per part
 */
#include "common/reduce.cuh"

extern "C" __global__ void __launch_bounds__(kWarp)
    sum_planes(const double2* partials, int parts, double2* out) {
    const long long pair = blockIdx.x;
    const double2* const own = partials + (pair * gridDim.y + blockIdx.y) * parts;
    double2 sum = {0, 0};
    for (int part = threadIdx.x; part < parts; part += kWarp) {
        sum.x += own[part].x;
        sum.y += own[part].y;
    }
    sum.x = warp_sum(sum.x);
    sum.y = warp_sum(sum.y);
    if (threadIdx.x == 0) {
        out[pair * gridDim.y + blockIdx.y] = sum;
    }
}
EXPORT_KERNEL(sum_planes)
