/*
 * plane_program_f32, plane_program_f64: one segment of any network on all its displacement planes, for a batch of pairs.
 *
 * Maths     src/docs/maths.md, eq. 13 to 16 (planes, units, one entry), 22 to 29 (non-linearities), 31 and 32
 * Oracle    maths/CntkRecursion.java (double, one pair)
 * Shapes    segment, steps      what to do: common/program.cuh; steps [segment.steps]
 *           displacements  in   int [row_planes], then [col_planes]: torus displacements, ascending, the first is 0
 *           pairs          in   ImagePair [segment.pairs]
 *           images_a, _b   in   Real, one record of record_stride per image: pixels, then L per activation (program.cuh)
 *           weights        in   double, of weighted readouts
 *           arena          i/o  {S, T~} of Real, arena_stride per pair: what kLoad and kSend name
 *           partials       out  double2 {S, T~} [pair][readout][plane]: sums over each plane; nothing without kRead
 *           scratch        tmp  {S, T~} of Real [gridDim.x][blockDim.z][2 + saved][H W], or null: then dynamic shared
 *                               memory of blockDim.z * (2 + saved) * H W * 2 sizeof(Real) bytes
 * Mapping   block (W, y, z) with at most 256 threads, y <= H: z planes at a time, thread (x, y) owns column x of rows
 *           y, y + blockDim.y, ...; a block goes through planes blockIdx.x * z, + gridDim.x * z, ... of all pairs, so that any
 *           grid gives the same result. Bits depend on (W, y) alone, which follow from the size of the image.
 * Budget    plane_program_*: regs <= 112, smem <= 4096 B, spills 0
 *           A plane is read and written in shared memory four times a layer: this is the kernel for what plane_recursion.cu does not
 *           take.
 */
#include "common/plane_steps.cuh"

template <class Real>
DEVICE void plane_program(const PlaneSegment& segment, const PlaneStep* steps, const int* displacements,
                          const ImagePair* pairs, const Real* images_a, const Real* images_b,
                          const double* weights, State<Real>* arena, double2* partials, State<Real>* scratch,
                          State<Real>* shared) {
    const int planes = segment.row_planes * segment.col_planes;
    const int pixels = segment.height * segment.width;
    const long long items = (long long)segment.pairs * planes;
    const long long stride = (long long)gridDim.x * blockDim.z;
    const int room = (2 + segment.saved) * pixels;
    State<Real>* const own = scratch ? scratch + ((long long)blockIdx.x * blockDim.z + threadIdx.z) * room
                                     : shared + threadIdx.z * room;
    for (long long first = (long long)blockIdx.x * blockDim.z; first < items; first += stride) {
        const bool live = first + threadIdx.z < items;
        const long long item = live ? first + threadIdx.z : items - 1;
        const int pair = (int)(item / planes), plane = (int)(item % planes);
        const ImagePair images = pairs[pair];
        const int a = displacements[plane / segment.col_planes];
        const int b = displacements[segment.row_planes + plane % segment.col_planes];
        PlaneSweep<Real, false> sweep;
        sweep.segment = &segment;
        sweep.a = a;
        sweep.b = b;
        sweep.self = images.same && a == 0 && b == 0;
        sweep.live = live;
        sweep.mine = images_a + images.a * segment.record_stride;
        sweep.theirs = images_b + images.b * segment.record_stride;
        sweep.arena = arena + pair * segment.arena_stride;
        sweep.plane = plane;
        sweep.cells = own;
        sweep.sums = own + pixels;
        sweep.saved = own + 2 * pixels;
        sweep.weights = weights;
        sweep.partials = partials + (long long)pair * segment.readouts * planes;
        sweep.run(steps);
    }
}

extern "C" __global__ void __launch_bounds__(kMaxThreads, 2)
    plane_program_f32(PlaneSegment segment, const PlaneStep* steps, const int* displacements,
                      const ImagePair* pairs, const float* images_a, const float* images_b,
                      const double* weights, float2* arena, double2* partials, float2* scratch) {
    DYNAMIC_SHARED(float2, shared);
    plane_program<float>(segment, steps, displacements, pairs, images_a, images_b, weights, arena, partials,
                         scratch, shared);
}
EXPORT_KERNEL(plane_program_f32)

extern "C" __global__ void __launch_bounds__(kMaxThreads, 2)
    plane_program_f64(PlaneSegment segment, const PlaneStep* steps, const int* displacements,
                      const ImagePair* pairs, const double* images_a, const double* images_b,
                      const double* weights, double2* arena, double2* partials, double2* scratch) {
    DYNAMIC_SHARED(double2, shared);
    plane_program<double>(segment, steps, displacements, pairs, images_a, images_b, weights, arena, partials,
                          scratch, shared);
}
EXPORT_KERNEL(plane_program_f64)
