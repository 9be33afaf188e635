/*
 * image_factors: standard deviations of every pixel before every activation, by the recursion of an image with itself on
 * plane (0,0), where every correlation is 1. In double whatever the precision of the pairs.
 *
 * Where planes meet in mid-network the variance behind is a mean over all planes of the self pair: the host then goes segment
 * by segment: image_factors, plane_program_f64 on the pairs (i, i) of the same segment, plane_pool_f64, and on.
 *
 * Maths     src/docs/maths.md, eq. 7, 10, 15 and "Self pairs"
 * Oracle    maths/CntkRecursion.java, method prepare
 * Shapes    segment, steps      common/program.cuh; segment.pairs images; kSend and kRead are passed over
 *           arena          in   double2 {S, T~}, arena_stride per image: what kLoad names (plane 0), from plane_pool_f64
 *           records        i/o  double, record_stride per image: pixels in, L of this segment's activations out
 *           scratch        tmp  as in plane_program.cu, or null and dynamic shared memory
 * Mapping   as plane_program.cu, one plane per image
 * Budget    image_factors: regs <= 128, smem <= 0 B, spills 0
 *           A thousandth of the work of the pairs of one image
 *
 * round_records: the records of the float kernels. L below 2^-60 is zero variance.
 *
 * Shapes    exact          in   double [images][record_stride];  rounded out float [images][record_stride]
 *           pixels              numbers of pixels (channels * H * W) at the start of a record: rounded as they are
 * Mapping   one thread per number, any grid
 * Budget    round_records: regs <= 40, smem <= 0 B, spills 0
 *
 * pack_quads: pixels and factors as the kernels on registers read them: a run of layers on N x N planes.
 *
 * Maths     common/relu_planes.cuh: fa = 1 / (sqrt(m) L); a pixel of zero variance gets 2^50, a finite number larger than any other
 * Shapes    records        in   double [images][record_stride]
 *           multipliers    in   double [layers]: 1 / sqrt(m) of every layer
 *           data           out  float4 [images][channels + layers][variants][N N / 4]: quads {row 0 col 0, row 0 col 1, row 1 col 0,
 *                               row 1 col 1}; variant 2 p + q begins at row -p and column -q (mod N); variants is 4 or 1
 * Mapping   one thread per quad, any grid
 * Budget    pack_quads: regs <= 64, smem <= 0 B, spills 0
 */
#include "common/plane_steps.cuh"

extern "C" __global__ void __launch_bounds__(kMaxThreads, 1)
    image_factors(PlaneSegment segment, const PlaneStep* steps, double2* arena, double* records,
                  double2* scratch) {
    DYNAMIC_SHARED(double2, shared);
    const int pixels = segment.height * segment.width;
    const int room = (2 + segment.saved) * pixels;
    double2* const own = scratch ? scratch + ((long long)blockIdx.x * blockDim.z + threadIdx.z) * room
                                 : shared + threadIdx.z * room;
    const int stride = gridDim.x * blockDim.z;
    for (int first = blockIdx.x * blockDim.z; first < segment.pairs; first += stride) {
        const bool live = first + (int)threadIdx.z < segment.pairs;
        const int image = live ? first + threadIdx.z : segment.pairs - 1;
        PlaneSweep<double, true> sweep;
        sweep.segment = &segment;
        sweep.a = sweep.b = 0;
        sweep.self = true;
        sweep.live =
            false;  // nothing is sent or read out; deviations of a repeated image are written twice, alike
        sweep.deviations = records + image * segment.record_stride;
        sweep.mine = sweep.theirs = sweep.deviations;
        sweep.arena = arena + image * segment.arena_stride;
        sweep.plane = 0;
        sweep.cells = own;
        sweep.sums = own + pixels;
        sweep.saved = own + 2 * pixels;
        sweep.run(steps);
    }
}
EXPORT_KERNEL(image_factors)

extern "C" __global__ void __launch_bounds__(kMaxThreads, 1)
    round_records(const double* exact, long long record_stride, int pixels, int images, float* rounded) {
    const long long count = record_stride * images;
    const long long stride = (long long)gridDim.x * blockDim.x;
    for (long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x; at < count; at += stride) {
        const double x = exact[at];
        rounded[at] = at % record_stride >= pixels && x < 0x1p-60 ? 0.0f : (float)x;
    }
}
EXPORT_KERNEL(round_records)

struct PackHeader {
    int side, channels, layers, images, variants, reserved;
    long long record_stride, first_deviation;  // where L of the first layer stands in a record
};
static_assert(sizeof(PackHeader) == 40, "change backend/cuda/ReluRun.java too");

DEVICE float packed_number(const PackHeader& header, const double* record, const double* multipliers,
                           int stage, int pixel) {
    const int pixels = header.side * header.side;
    if (stage < header.channels) {
        return (float)record[stage * pixels + pixel];
    }
    const int layer = stage - header.channels;
    const double deviation = record[header.first_deviation + (long long)layer * pixels + pixel];
    return deviation < 0x1p-60 ? 0x1p50f : (float)(multipliers[layer] / deviation);
}

extern "C" __global__ void __launch_bounds__(kMaxThreads, 1)
    pack_quads(PackHeader header, const double* multipliers, const double* records, float4* data) {
    const int side = header.side, lanes = side / 2, quads = lanes * lanes;
    const int stages = header.channels + header.layers;
    const long long count = (long long)header.images * stages * header.variants * quads;
    const long long stride = (long long)gridDim.x * blockDim.x;
    for (long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x; at < count; at += stride) {
        const int quad = (int)(at % quads), variant = (int)(at / quads % header.variants);
        const int stage = (int)(at / quads / header.variants % stages);
        const double* const record = records + at / quads / header.variants / stages * header.record_stride;
        const int row = 2 * (quad / lanes) - variant / 2 + side,
                  col = 2 * (quad % lanes) - variant % 2 + side;
        float entry[4];
        for (int e = 0; e < 4; e++) {
            const int pixel = (row + e / 2) % side * side + (col + e % 2) % side;
            entry[e] = packed_number(header, record, multipliers, stage, pixel);
        }
        data[at] = {entry[0], entry[1], entry[2], entry[3]};
    }
}
EXPORT_KERNEL(pack_quads)
