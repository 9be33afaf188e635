/*
 * plane_pool_f32, plane_pool_f64: where planes meet, along one axis: rows first, then columns, in two launches.
 *
 * Maths     src/docs/maths.md, eq. 31: K[I,I'] = sum K[i,i'] over i in M(I), i' in M(I'), for the displacements wanted
 * Oracle    maths/PixelKernels.java, method pool
 * Shapes    in             {S, T~} [outer][fine_planes][mid][fine][inner]      at in_offset of every pair's arena
 *           out            {S, T~} [outer][coarse_planes][mid][coarse][inner]  at out_offset
 *                            rows:    outer 1,                 mid column planes, inner W
 *                            columns: outer coarse row planes, mid coarse H,      inner 1
 *           table          in   int: [coarse_planes] displacements of the coarse planes, [fine] rank of every fine
 *                               displacement (-1: not computed, not needed), [coarse + 1] starts, then the members of M(I)
 * Mapping   one thread per coarse entry, any grid; members in ascending order, i outside and i' inside: one writer, a fixed order
 * Budget    plane_pool_*: regs <= 64, smem <= 0 B, spills 0
 *           Every fine entry is read once where windows do not overlap
 */
#include "common/plane_index.cuh"

struct PoolAxis {
    int outer, fine_planes, coarse_planes, mid;
    int fine, coarse, inner, pairs;
    long long in_offset, out_offset, arena_stride;  // in {S, T~}
};
static_assert(sizeof(PoolAxis) == 56, "change backend/cuda/StepTable.java too");

constexpr int kPoolThreads = 256;

template <class Real>
DEVICE void plane_pool(const PoolAxis& axis, const int* table, State<Real>* arena) {
    const int* const displacements = table;
    const int* const ranks = displacements + axis.coarse_planes;
    const int* const starts = ranks + axis.fine;
    const int* const members = starts + axis.coarse + 1;
    const long long of_pair =
        (long long)axis.outer * axis.coarse_planes * axis.mid * axis.coarse * axis.inner;
    const long long stride = (long long)gridDim.x * blockDim.x;
    for (long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x; at < of_pair * axis.pairs;
         at += stride) {
        State<Real>* const own = arena + at / of_pair * axis.arena_stride;
        const long long e = at % of_pair;
        const int inner = (int)(e % axis.inner);
        const int coarse = (int)(e / axis.inner % axis.coarse);
        const int mid = (int)(e / axis.inner / axis.coarse % axis.mid);
        const long long block = e / axis.inner / axis.coarse / axis.mid;
        const int plane = (int)(block % axis.coarse_planes);
        const long long outer = block / axis.coarse_planes;
        const int other = partner(coarse, displacements[plane], axis.coarse);
        State<Real> sum = state<Real>(0, 0);
        for (int m = starts[coarse]; m < starts[coarse + 1]; m++) {
            const int i = members[m];
            for (int n = starts[other]; n < starts[other + 1]; n++) {
                const int rank = ranks[floor_mod(i - members[n], axis.fine)];
                const long long from = ((outer * axis.fine_planes + rank) * axis.mid + mid) * axis.fine + i;
                const State<Real> x = own[axis.in_offset + from * axis.inner + inner];
                sum.x += x.x;
                sum.y += x.y;
            }
        }
        own[axis.out_offset + e] = sum;
    }
}

extern "C" __global__ void __launch_bounds__(kPoolThreads)
    plane_pool_f32(PoolAxis axis, const int* table, float2* arena) {
    plane_pool<float>(axis, table, arena);
}
EXPORT_KERNEL(plane_pool_f32)

extern "C" __global__ void __launch_bounds__(kPoolThreads)
    plane_pool_f64(PoolAxis axis, const int* table, double2* arena) {
    plane_pool<double>(axis, table, arena);
}
EXPORT_KERNEL(plane_pool_f64)
