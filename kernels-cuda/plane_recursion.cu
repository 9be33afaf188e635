/*
 * plane_recursion_32, _16, _8: all layers of a run of (3x3 convolution, ReLU) on N x N planes in one launch, from the images to
 * readouts of all entries. S and U = T + S stay in registers.
 * plane_exchange_32, _16, _8: the same from the images or from planes that have met, to readouts or to planes that will meet.
 * Each once more with _bias.
 *
 * Maths     src/docs/maths.md, eq. 3, 5, 6, 13 to 15; layout and units: common/relu_planes.cuh
 * Oracle    maths/CntkRecursion.java (double, one pair)
 * Shapes    header             common/program.cuh
 *           data_a, data_b  in   quads of float [image][stage][variant][N N / 4]; stages: channels, then layers; variant 2 (a&1) +
 *                               (b&1) of image a, 0 of image b. Made by pack_quads.
 *           biases          in   float2 [layer] of S and U in the units of the run; read by _bias only
 *           pairs           in   ImagePair [gridDim.y]
 *           slots           in   PlaneSlot [gridDim.x][warps][planes a warp]: of one block all with one a and one parity of b
 *           arena           i/o  float2 {S, T~}, header.arena_stride per pair: [plane][i][j] at header.load and .send
 *           partials        out  double2 {S, T~} [pair][read][block], in units of the run: the host divides
 * Mapping   grid (blocks of a pair, pairs: 65535 at most). plane_recursion: N = 32: 8 warps of one plane; 16: 2 warps of four planes; 8: 1 warp of
 *           four planes; plane_exchange_32: 4 warps. The factors of a layer are staged once a block, one layer ahead
 *           (cp.async), rows of image b rotated by a: an entry's two factors cost half an LDS.128, without bank conflicts.
 * Budget    plane_recursion_*: regs <= 128, smem <= 16528 B, spills 0
 *           plane_recursion_8*: regs <= 104, smem <= 1072 B, spills 0
 *           plane_exchange_*: regs <= 168, smem <= 16496 B, spills 0
 *           plane_exchange_8*: regs <= 104, smem <= 1072 B, spills 0
 */
#include "common/plane_index.cuh"
#include "common/program.cuh"
#include "common/reduce.cuh"
#include "common/relu_planes.cuh"

template <int N, bool kExchange>
struct RecursionPolicy {
    static constexpr int kWarps = N == 32 ? (kExchange ? 4 : 8) : N == 16 ? 2 : 1;
    static constexpr int kThreads = kWarp * kWarps;
    // 16 warps of 128 registers on a multiprocessor; 12 of 168 where planes are loaded and stored; 24 of 80 (sm_86 takes
    // 16 blocks at most: 16 of 102)
    static constexpr int kMinBlocksPerSm = N == 8 ? 24 : (kExchange ? 12 : 16) / kWarps;
};

template <int N, bool kExchange>
struct RecursionShared {
    float4 stage[4 * WarpLayout<N>::kQuads];  // [buffer][image a, image b][quad]
    float masks[WarpLayout<N>::kHalves][WarpLayout<N>::kMasks + 1];
    double parts[RecursionPolicy<N, kExchange>::kWarps];
};

/** Parameters that a kernel hands through; they lie in constant memory. */
struct RecursionInput {
    const ReluRunHeader& header;
    const float4 *data_a, *data_b;
    const float2* biases;
    const ImagePair* pairs;
    const PlaneSlot* slots;
    float2* arena;
    double2* partials;
};

/** The plane of a thread, and where its entries stand: row(r), column(x). */
template <int N, bool kExchange>
struct ThreadPlane {
    int a, b, rank, first_row, first_column;

    DEVICE_MEMBER ThreadPlane(const PlaneSlot* slots, int t) {
        const int lane = t % kWarp, warp = blockIdx.x * RecursionPolicy<N, kExchange>::kWarps + t / kWarp;
        const PlaneSlot slot = slots[warp * WarpLayout<N>::kPlanes + lane_plane<N>(lane)];
        a = slot.a;
        b = slot.b;
        rank = slot.rank;
        first_row = lane_half<N>(lane) * WarpLayout<N>::kRows - (a & 1);
        first_column = 2 * lane_column<N>(lane) - (b & 1);
    }
    DEVICE_MEMBER int row(int r) const { return (first_row + r) & (N - 1); }
    DEVICE_MEMBER int column(int x) const { return (first_column + x) & (N - 1); }
};

/** Sums over the planes of a block: lanes, then warps, in double. The result is thread 0's. */
template <int kWarps>
DEVICE double block_sum(float lane, double* parts) {
    const double sum = warp_sum(lane);
    if (kWarps == 1) {
        return sum;
    }
    __syncthreads();  // parts are free
    if (threadIdx.x % kWarp == 0) {
        parts[threadIdx.x / kWarp] = sum;
    }
    __syncthreads();
    double all = parts[0];
#pragma unroll 1
    for (int warp = 1; warp < kWarps; warp++) {
        all += parts[warp];
    }
    return all;
}

/** The readout behind the layers done so far, number `read`; its sums go to the block's own place. */
template <int N, bool kExchange>
DEVICE void read_planes(const float (&S)[WarpLayout<N>::kRows][2], const float (&U)[WarpLayout<N>::kRows][2],
                        int read, const RecursionInput& in, double* parts) {
    constexpr int kWarps = RecursionPolicy<N, kExchange>::kWarps;
    const bool counts = ThreadPlane<N, kExchange>(in.slots, hidden(threadIdx.x)).rank >= 0;
    const double sum_s = block_sum<kWarps>(counts ? lane_sum(S) : 0.0f, parts);
    const double sum_u = block_sum<kWarps>(counts ? lane_sum(U) : 0.0f, parts);
    if (threadIdx.x == 0) {
        const long long at = (long long)blockIdx.y * in.header.reads + read;
        in.partials[at * gridDim.x + blockIdx.x] = {sum_s, sum_u};
    }
}

/** Moves a lane's entries from or to its plane in the arena. */
template <int N, bool kLoad>
DEVICE void transfer(float (&S)[WarpLayout<N>::kRows][2], float (&U)[WarpLayout<N>::kRows][2],
                     const RecursionInput& in) {
    const ThreadPlane<N, true> plane(in.slots, hidden(threadIdx.x));
    if (plane.rank < 0) {
        return;
    }
    float2* const cells = in.arena + blockIdx.y * in.header.arena_stride +
                          (kLoad ? in.header.load : in.header.send) + (long long)plane.rank * N * N;
    const float scale = in.header.send_scale;
#pragma unroll
    for (int r = 0; r < WarpLayout<N>::kRows; r++) {
#pragma unroll
        for (int x = 0; x < 2; x++) {
            float2* const cell = cells + plane.row(hidden(r)) * N + plane.column(x);
            if (kLoad) {
                S[r][x] = cell->x;
                U[r][x] = cell->y;
            } else {
                *cell = {S[r][x] * scale, U[r][x] * scale};
            }
        }
        in_order();
    }
}

/** The layers of one block: images staged one stage ahead of the arithmetic. */
template <int N, bool kExchange, bool kOdd, bool kBias>
DEVICE void recursion(const RecursionInput& in, RecursionShared<N, kExchange>& shared) {
    using L = WarpLayout<N>;
    const ReluRunHeader& header = in.header;
    const int t = threadIdx.x, lane = t % kWarp, half = lane_half<N>(lane), column = lane_column<N>(lane);
    const ThreadPlane<N, kExchange> plane(in.slots, t);
    const int a = plane.a, odd_row = a & 1, stages = header.channels + header.layers;
    if (t < L::kHalves * (L::kMasks + 1)) {
        const int part = t / (L::kMasks + 1), k = t % (L::kMasks + 1);
        shared.masks[part][k] = k < L::kMasks ? boundary_mask<N>(part, k, a, header.circular)
                                              : inner_row_mask(part, a, header.circular);
    }
    const ImagePair images = in.pairs[blockIdx.y];
    const LaneMasks q = lane_masks<N>(lane, plane.b, header.circular, images.same && a == 0 && plane.b == 0);
    const int rotation = (odd_row + a) / 2 * L::kColLanes;
    // quads from the start of the data: 32 bits reach 80,000 images of 10 layers, and registers are short
    unsigned from_a = (unsigned)images.a * stages * 4 * L::kQuads + (2 * odd_row + kOdd) * L::kQuads + t;
    unsigned from_b = (unsigned)images.b * stages * 4 * L::kQuads + ((t - rotation) & (L::kQuads - 1));
    // where this lane reads: in buffer 0 first, then the two by turns
    int at_a = half * L::kHalfQuads + column;
    int at_b = L::kQuads + half * L::kHalfQuads + ((column - (kOdd + plane.b) / 2) & (L::kColLanes - 1));
    constexpr int kThreads = RecursionPolicy<N, kExchange>::kThreads;
    auto stage_next = [&](int buffer) {
        if (kThreads <= L::kQuads || threadIdx.x < L::kQuads) {
#pragma unroll
            // once or twice; then the rotated row pairs differ in one bit
            for (int k = 0; k < L::kQuads; k += kThreads) {
                start_copy(&shared.stage[buffer + threadIdx.x + k], in.data_a + (from_a + k));
                start_copy(&shared.stage[buffer + threadIdx.x + k + L::kQuads], in.data_b + (from_b ^ k));
            }
        }
        from_a += 4 * L::kQuads;
        from_b += 4 * L::kQuads;
    };
    constexpr int kOther = 2 * L::kQuads;
    float S[L::kRows][2], U[L::kRows][2];
    stage_next(0);
#pragma unroll
    for (int r = 0; r < L::kRows; r++) {
        S[r][0] = S[r][1] = U[r][0] = U[r][1] = 0.0f;
    }
    for (int channel = 0; channel < header.channels; channel++) {
        copies_done();
        __syncthreads();
        stage_next(~at_a & kOther);
        add_channel<N>(S, &shared.stage[at_a], &shared.stage[at_b]);
        at_a ^= kOther;
        at_b ^= kOther;
    }
    if (kExchange && header.load >= 0) {
        transfer<N, true>(S, U, in);
    } else if (header.tangent_input) {
#pragma unroll
        for (int r = 0; r < L::kRows; r++) {
            U[r][0] = S[r][0];
            U[r][1] = S[r][1];
        }
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
        __syncthreads();  // the stage has arrived, and nobody reads the other buffer any more
        if (layer + 1 < header.layers) {
            stage_next(~at_a & kOther);
        }
        const float2 bias = kBias ? in.biases[layer] : float2{0.0f, 0.0f};
        const float4 *fa = &shared.stage[at_a], *fb = &shared.stage[at_b];
        if (layer == 0) {
            relu_layer<N, kOdd, true, kBias>(S, U, fa, fb, shared.masks[half], q, bias);
        } else {
            relu_layer<N, kOdd, false, kBias>(S, U, fa, fb, shared.masks[half], q, bias);
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
        if (header.read_layers >> layer & 1) {  // uniform and rare, like the other two
            read_planes<N, kExchange>(S, U, bits_below(header.read_layers, layer), in, shared.parts);
        }
    }
    if (kExchange && header.send >= 0) {
        transfer<N, false>(S, U, in);
    }
}

template <int N, bool kExchange, bool kBias>
DEVICE void recursion_block(const RecursionInput& in, RecursionShared<N, kExchange>& shared) {
    constexpr int kSlots = RecursionPolicy<N, kExchange>::kWarps * WarpLayout<N>::kPlanes;
    if (in.slots[blockIdx.x * kSlots].b & 1) {
        recursion<N, kExchange, true, kBias>(in, shared);
    } else {
        recursion<N, kExchange, false, kBias>(in, shared);
    }
}

#define PLANE_RECURSION(name, N, exchange, bias)                                                            \
    extern "C" __global__ void __launch_bounds__(RecursionPolicy<N, exchange>::kThreads,                    \
                                                 RecursionPolicy<N, exchange>::kMinBlocksPerSm)             \
        name(ReluRunHeader header, const float4* data_a, const float4* data_b, const float2* biases,        \
             const ImagePair* pairs, const PlaneSlot* slots, float2* arena, double2* partials) {            \
        __shared__ RecursionShared<N, exchange> shared;                                                     \
        recursion_block<N, exchange, bias>({header, data_a, data_b, biases, pairs, slots, arena, partials}, \
                                           shared);                                                         \
    }                                                                                                       \
    EXPORT_KERNEL(name)

PLANE_RECURSION(plane_recursion_32, 32, false, false)
PLANE_RECURSION(plane_recursion_32_bias, 32, false, true)
PLANE_RECURSION(plane_recursion_16, 16, false, false)
PLANE_RECURSION(plane_recursion_16_bias, 16, false, true)
PLANE_RECURSION(plane_recursion_8, 8, false, false)
PLANE_RECURSION(plane_recursion_8_bias, 8, false, true)
PLANE_RECURSION(plane_exchange_32, 32, true, false)
PLANE_RECURSION(plane_exchange_32_bias, 32, true, true)
PLANE_RECURSION(plane_exchange_16, 16, true, false)
PLANE_RECURSION(plane_exchange_16_bias, 16, true, true)
PLANE_RECURSION(plane_exchange_8, 8, true, false)
PLANE_RECURSION(plane_exchange_8_bias, 8, true, true)
