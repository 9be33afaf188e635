/*
 * plane_flatten_32, _16, _8 and the same with _bias: networks that read equal pixels only: plane (0,0) of every pair of a tile, all
 * layers in one launch, S and U = T + S in registers.
 *
 * Maths     src/docs/maths.md, eq. 3, 5, 6, 8 and 15; layout and units: common/relu_planes.cuh
 * Oracle    maths/CntkRecursion.java (double, one pair)
 * Shapes    header             common/program.cuh; load = send = -1
 *           data_a, data_b  in   quads of float [image][stage][N N / 4]: pack_quads with one variant
 *           biases          in   float2 [layer] of S and U in the units of the run; read by _bias only
 *           ids_a, ids_b    in   int [images]: equal numbers are equal images, whose every c is 1
 *           out             out  double2 {S, T~} [read][image a][image b], in units of the run
 * Mapping   grid (ceil(images_b / 4 or 8), ceil(images_a / 4 or 8)), 16 warps: 4 x 4 pairs at N = 32, one a warp; 8 x 8 at 16 and 8,
 *           four a warp. Factors of all images of a block are staged together, one layer ahead.
 *           dynamic smem 65536, 32768 and 8192 B
 * Budget    plane_flatten_*: regs <= 128, smem <= 80 B, spills 0
 *           plane_flatten_8*: regs <= 64, smem <= 32 B, spills 0
 */
#include "common/program.cuh"
#include "common/reduce.cuh"
#include "common/relu_planes.cuh"

template <int N>
struct FlattenPolicy {
    static constexpr int kWarps = 16;
    static constexpr int kThreads = kWarp * kWarps;
    static constexpr int kImages = N == 32 ? 4 : 8;  // of each side
    static constexpr int kStage = 2 * kImages * WarpLayout<N>::kQuads;
    static constexpr int kMinBlocksPerSm = N == 8 ? 2 : 1;
};

/** Sums of one readout of the pairs of a warp. */
template <int N>
DEVICE void read_pairs(const float (&S)[WarpLayout<N>::kRows][2], const float (&U)[WarpLayout<N>::kRows][2],
                       int read, const ReluRunHeader& header, double2* out) {
    constexpr int kLanes = kWarp / WarpLayout<N>::kPlanes, kImages = FlattenPolicy<N>::kImages;
    double s = lane_sum(S), u = lane_sum(U);
    for (int offset = kLanes / 2; offset > 0; offset /= 2) {
        s += __shfl_xor_sync(kAllLanes, s, offset);
        u += __shfl_xor_sync(kAllLanes, u, offset);
    }
    const int t = hidden(threadIdx.x), pair = t / kLanes;
    const int a = blockIdx.y * kImages + pair / kImages, b = blockIdx.x * kImages + pair % kImages;
    if (t % kLanes == 0 && a < header.images_a && b < header.images_b) {
        out[((long long)read * header.images_a + a) * header.images_b + b] = {s, u};
    }
}

template <int N, bool kBias>
DEVICE void flatten(const ReluRunHeader& header, const float4* data_a, const float4* data_b,
                    const float2* biases, const int* ids_a, const int* ids_b, double2* out, float4* stage,
                    float* masks) {
    using L = WarpLayout<N>;
    using P = FlattenPolicy<N>;
    const int lane = threadIdx.x % kWarp, half = lane_half<N>(lane), column = lane_column<N>(lane);
    const int pair = threadIdx.x / kWarp * L::kPlanes + lane_plane<N>(lane);
    const int slot_a = pair / P::kImages, slot_b = pair % P::kImages;
    const int first_a = blockIdx.y * P::kImages, first_b = blockIdx.x * P::kImages;
    const int stages = header.channels + header.layers;
    if (threadIdx.x < L::kHalves * (L::kMasks + 1)) {
        const int k = threadIdx.x % (L::kMasks + 1), part = threadIdx.x / (L::kMasks + 1);
        masks[threadIdx.x] = k < L::kMasks ? boundary_mask<N>(part, k, 0, header.circular) : 1.0f;
    }
    const bool inside = first_a + slot_a < header.images_a && first_b + slot_b < header.images_b;
    const LaneMasks q =
        lane_masks<N>(lane, 0, header.circular, inside && ids_a[first_a + slot_a] == ids_b[first_b + slot_b]);
    int staged = 0;
    auto stage_next = [&](int buffer) {
        for (int k = threadIdx.x; k < P::kStage; k += P::kThreads) {
            const int image = k / L::kQuads,
                      quad = k % L::kQuads;  // images a, then images b; beyond the last: the last
            const bool is_a = image < P::kImages;
            const int at = is_a ? min(first_a + image, header.images_a - 1)
                                : min(first_b + image - P::kImages, header.images_b - 1);
            const float4* const from = is_a ? data_a : data_b;
            start_copy(stage + buffer + k, from + ((long long)at * stages + staged) * L::kQuads + quad);
        }
        staged++;
    };
    int at_a = slot_a * L::kQuads + half * L::kHalfQuads + column;
    int at_b = (P::kImages + slot_b) * L::kQuads + half * L::kHalfQuads + column;
    constexpr int kOther = P::kStage;
    float S[L::kRows][2], U[L::kRows][2];
    stage_next(0);
#pragma unroll
    for (int r = 0; r < L::kRows; r++) {
        S[r][0] = S[r][1] = 0.0f;
    }
    for (int channel = 0; channel < header.channels; channel++) {
        copies_done();
        __syncthreads();
        stage_next(~at_a & kOther);
        add_channel<N>(S, stage + at_a, stage + at_b);
        at_a ^= kOther;
        at_b ^= kOther;
    }
#pragma unroll
    for (int r = 0; r < L::kRows; r++) {
        U[r][0] = header.tangent_input ? S[r][0] : 0.0f;
        U[r][1] = header.tangent_input ? S[r][1] : 0.0f;
    }
    for (int layer = 0; layer < header.layers; layer++) {
        if (header.frozen >> layer & 1) {
#pragma unroll
            for (int r = 0; r < L::kRows; r++) {
                U[r][0] -= S[r][0];
                U[r][1] -= S[r][1];
            }
        }
        copies_done();
        __syncthreads();
        if (layer + 1 < header.layers) {
            stage_next(~at_a & kOther);
        }
        const float2 bias = kBias ? biases[layer] : float2{0.0f, 0.0f};
        const float* const own_masks = masks + half * (L::kMasks + 1);
        if (layer == 0) {
            relu_layer<N, false, true, kBias>(S, U, stage + at_a, stage + at_b, own_masks, q, bias);
        } else {
            relu_layer<N, false, false, kBias>(S, U, stage + at_a, stage + at_b, own_masks, q, bias);
        }
        at_a ^= kOther;
        at_b ^= kOther;
        if (layer % kRescaleEvery == kRescaleEvery - 1) {
#pragma unroll
            for (int r = 0; r < L::kRows; r++) {
                S[r][0] *= kRescale;
                S[r][1] *= kRescale;
                U[r][0] *= kRescale;
                U[r][1] *= kRescale;
            }
        }
        if (header.read_layers >> layer & 1) {
            read_pairs<N>(S, U, bits_below(header.read_layers, layer), header, out);
        }
    }
}

#define PLANE_FLATTEN(name, N, bias)                                                                 \
    extern "C" __global__ void __launch_bounds__(FlattenPolicy<N>::kThreads,                         \
                                                 FlattenPolicy<N>::kMinBlocksPerSm)                  \
        name(ReluRunHeader header, const float4* data_a, const float4* data_b, const float2* biases, \
             const int* ids_a, const int* ids_b, double2* out) {                                     \
        DYNAMIC_SHARED(float4, stage);                                                               \
        __shared__ float masks[WarpLayout<N>::kHalves * (WarpLayout<N>::kMasks + 1)];                \
        flatten<N, bias>(header, data_a, data_b, biases, ids_a, ids_b, out, stage, masks);           \
    }                                                                                                \
    EXPORT_KERNEL(name)

PLANE_FLATTEN(plane_flatten_32, 32, false)
PLANE_FLATTEN(plane_flatten_32_bias, 32, true)
PLANE_FLATTEN(plane_flatten_16, 16, false)
PLANE_FLATTEN(plane_flatten_16_bias, 16, true)
PLANE_FLATTEN(plane_flatten_8, 8, false)
PLANE_FLATTEN(plane_flatten_8_bias, 8, true)
