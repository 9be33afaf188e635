// A 3x3 convolution and a ReLU on planes held in registers: what plane_recursion.cu and plane_flatten.cu share.
//
// Warp layout. Rows and columns are rotated by the parity of a and b (rho = i + (a&1), kappa = j + (b&1), mod N), so that every cut
// of the torus (image border, seam; eq. 14) falls on an even coordinate, apart from the border of an odd shift, which lies
// inside the first pair. A lane holds kRows rows and the columns 2m, 2m+1. Row pairs and column pairs share their inner sum (3
// additions for 2 outputs), and a neighbour costs one shuffle for two entries. Cuts are factors 0 or 1 of multiply-adds
// that are there anyway: circular padding has them all 1.
//
// Stored values. S in a known multiple of the unit of the program, and U = T~ = T + S in the same: with
//     s = 3x3 sum of S + bias, u = 3x3 sum of U + bias, p = fa fb, c = s p, theta = acos c
//     S' = sin(theta)/p + s (pi - theta),   U' = u (pi - theta) + S'                              (eq. 35)
// where fa = 1 / (sqrt(m) L_A), m the multiple before the layer: it grows by PI (pi rounded to float) a layer, and every kRescaleEvery
// layers S and U are multiplied by 2^-77 (exact). A pixel of zero variance has a large finite factor: S' ~ 0.
#pragma once
#include "device.cuh"

constexpr int kRescaleEvery = 16;
constexpr float kRescale = 0x1p-77f;  // (9 PI)^16 is 2^77.1

/** Number of bits that are set below bit `place`. */
DEVICE int bits_below(unsigned long long bits, int place) {
    int count = 0;
    for (int k = 0; k < place; k++) {
        count += (int)(bits >> k & 1);
    }
    return count;
}

/** How planes of N x N entries lie in a warp. */
template <int N>
struct WarpLayout {
    static constexpr int kColLanes = N / 2;
    static constexpr int kRows = N == 8 ? 4 : 16;
    static constexpr int kHalves = N / kRows;  // row parts: 2, 1, 2
    static constexpr int kRowPairs = kRows / 2;
    static constexpr int kPlanes = kWarp / (kColLanes * kHalves);  // planes in a warp: 1, 4, 4
    static constexpr int kQuads = N * N / 4;  // {row 0 col 0, row 0 col 1, row 1 col 0, row 1 col 1}
    static constexpr int kMasks = kRowPairs + 1;
    static constexpr int kHalfQuads = kRowPairs * kColLanes;
};

/** What a lane knows of its plane: shuffle sources, column masks, and 1, or 0 where c = 1. */
struct LaneMasks {
    int left, right;
    float left_mask, inner_mask, right_mask, one;
};

template <int N>
DEVICE int lane_column(int lane) {
    return lane % WarpLayout<N>::kColLanes;
}
template <int N>
DEVICE int lane_half(int lane) {
    return lane / WarpLayout<N>::kColLanes % WarpLayout<N>::kHalves;
}
template <int N>
DEVICE int lane_plane(int lane) {
    return lane / (WarpLayout<N>::kColLanes * WarpLayout<N>::kHalves);
}

template <int N>
DEVICE LaneMasks lane_masks(int lane, int b, bool circular, bool self) {
    constexpr int kLanes = WarpLayout<N>::kColLanes;
    const int m = lane_column<N>(lane), odd = b & 1, seam = (b + odd) % N;
    LaneMasks q;
    q.left = lane - m + ((m - 1) & (kLanes - 1));
    q.right = lane - m + ((m + 1) & (kLanes - 1));
    q.left_mask = !circular && (2 * m == seam || (!odd && m == 0)) ? 0.0f : 1.0f;
    q.right_mask = !circular && ((2 * m + 2) % N == seam || (!odd && m == kLanes - 1)) ? 0.0f : 1.0f;
    q.inner_mask = !circular && odd && m == 0 ? 0.0f : 1.0f;
    q.one = self ? 0.0f : 1.0f;
    return q;
}

/** The cut above row pair k of row part `half`: rows rho are cut at 0 (even a) and at a + (a&1). */
template <int N>
DEVICE float boundary_mask(int half, int k, int a, bool circular) {
    const int odd = a & 1, rho = (half * WarpLayout<N>::kRows + 2 * k) % N;
    return !circular && (rho == (a + odd) % N || (!odd && rho == 0)) ? 0.0f : 1.0f;
}

/** The cut inside row pair 0: the border of the image if the row displacement is odd. */
DEVICE float inner_row_mask(int half, int a, bool circular) {
    return !circular && (a & 1) && half == 0 ? 0.0f : 1.0f;
}

// R(c) = theta/sin(theta) for c = cos(theta) in [0,1], times PI/pi, so that PI - sin(theta) R = (PI/pi)(pi - theta): PI, the float, is
// 2.8e-8 too large, and the multiple m carries the same factor (else T drifts by 3e-7 to 8e-7 over 20 layers). Weighted minimax on
// float coefficients: relative error of the derivative factor below 1.5e-8 for c > 0.2, below 1.5e-7 under it, where almost no
// entry is after the first layer.
DEVICE float theta_over_sine(float c) {
    float r = 0.01776774227619171f;
    r = fmaf(r, c, -0.09757398068904877f);
    r = fmaf(r, c, 0.25104495882987976f);
    r = fmaf(r, c, -0.4211884140968323f);
    r = fmaf(r, c, 0.5545764565467834f);
    r = fmaf(r, c, -0.6601863503456116f);
    r = fmaf(r, c, 0.7847351431846619f);
    r = fmaf(r, c, -0.9999711513519287f);
    return fmaf(r, c, 1.5707961320877075f);
}

/** Behind a ReLU no covariance is negative: only the first layer of a segment treats c < 0. */
template <bool kFirst>
DEVICE void relu_entry(float s, float u, float fa, float fb, float one, float& S, float& U) {
    constexpr float kPiFloat = 3.14159274f;
    const float p = fa * fb, c = s * p, sine = approximate_sqrt(saturated_fma(-c, c, one));
    float w;
    if (kFirst) {
        const float angle = sine * theta_over_sine(fabsf(c));
        w = c < 0.0f ? angle : kPiFloat - angle;
    } else {
        w = fmaf(-sine, theta_over_sine(c), kPiFloat);
    }
    S = fmaf(sine, approximate_reciprocal(p), s * w);
    U = fmaf(u, w, S);
}

/** Sums over three columns, for the two columns of a lane. */
template <bool kOdd, bool kBias>
DEVICE void across(float x0, float x1, const LaneMasks& q, float bias, float& h0, float& h1) {
    const float left = __shfl_sync(kAllLanes, x1, q.left), right = __shfl_sync(kAllLanes, x0, q.right);
    if (kOdd) {
        const float y0 = kBias ? x0 + bias : x0, y1 = kBias ? x1 + bias : x1;
        h0 = fmaf(q.left_mask, left, fmaf(q.inner_mask, x1, y0));
        h1 = fmaf(q.right_mask, right, fmaf(q.inner_mask, x0, y1));
    } else {
        const float middle = kBias ? x0 + x1 + bias : x0 + x1;
        h0 = fmaf(q.left_mask, left, middle);
        h1 = fmaf(q.right_mask, right, middle);
    }
}

/** Values of the row above row 0 and below the last row of a lane: in the other row part, or its own last and first row. */
template <int N>
DEVICE float from_other_half(float x) {
    return WarpLayout<N>::kHalves == 1 ? x : __shfl_xor_sync(kAllLanes, x, WarpLayout<N>::kColLanes);
}

/**
 * One convolution and ReLU on all planes of a warp, in place.
 *
 * fa, fb     this lane's quads of row pair 0 in the staged factors of both images
 * masks      kMasks cuts above and below the row pairs of this lane's row part, then the one inside pair 0
 * bias       of S and of U
 */
template <int N, bool kOdd, bool kFirst, bool kBias>
DEVICE void relu_layer(float (&S)[WarpLayout<N>::kRows][2], float (&U)[WarpLayout<N>::kRows][2],
                       const float4* fa, const float4* fb, const float* masks, const LaneMasks& q,
                       float2 bias) {
    using L = WarpLayout<N>;
    float s_above[2], u_above[2], s_below[2],
        u_below[2];  // old values of the row above the pair; of the row below the lane
#pragma unroll
    for (int x = 0; x < 2; x++) {
        s_above[x] = from_other_half<N>(S[L::kRows - 1][x]);
        u_above[x] = from_other_half<N>(U[L::kRows - 1][x]);
        s_below[x] = from_other_half<N>(S[0][x]);
        u_below[x] = from_other_half<N>(U[0][x]);
    }
    float upper = masks[0];
    const float inner = masks[L::kMasks];
#pragma unroll
    for (int k = 0; k < L::kRowPairs; k++) {
        const float lower = masks[k + 1];
        const float4 A = fa[L::kColLanes * k], B = fb[L::kColLanes * k];
        const bool last = k == L::kRowPairs - 1;
        const int next = last ? 0 : 2 * k + 2;
        float s[2][2], u[2][2];
#pragma unroll
        for (int x = 0; x < 2; x++) {
            const float s0 = S[2 * k][x], s1 = S[2 * k + 1][x], u0 = U[2 * k][x], u1 = U[2 * k + 1][x];
            const float s_next = last ? s_below[x] : S[next][x], u_next = last ? u_below[x] : U[next][x];
            const float s_upper = k == 0 ? fmaf(inner, s1, s0) : s0 + s1;
            const float s_lower = k == 0 ? fmaf(inner, s0, s1) : s_upper;
            const float u_upper = k == 0 ? fmaf(inner, u1, u0) : u0 + u1;
            const float u_lower = k == 0 ? fmaf(inner, u0, u1) : u_upper;
            s[0][x] = fmaf(upper, s_above[x], s_upper);
            s[1][x] = fmaf(lower, s_next, s_lower);
            u[0][x] = fmaf(upper, u_above[x], u_upper);
            u[1][x] = fmaf(lower, u_next, u_lower);
            s_above[x] = s1;
            u_above[x] = u1;
        }
        upper = lower;
#pragma unroll
        for (int y = 0; y < 2; y++) {
            float s0, s1, u0, u1;
            across<kOdd, kBias>(s[y][0], s[y][1], q, bias.x, s0, s1);
            across<kOdd, kBias>(u[y][0], u[y][1], q, bias.y, u0, u1);
            relu_entry<kFirst>(s0, u0, y ? A.z : A.x, y ? B.z : B.x, q.one, S[2 * k + y][0], U[2 * k + y][0]);
            relu_entry<kFirst>(s1, u1, y ? A.w : A.y, y ? B.w : B.y, q.one, S[2 * k + y][1], U[2 * k + y][1]);
        }
    }
}

/** S += x x' over one channel. */
template <int N>
DEVICE void add_channel(float (&S)[WarpLayout<N>::kRows][2], const float4* xa, const float4* xb) {
    using L = WarpLayout<N>;
#pragma unroll
    for (int k = 0; k < L::kRowPairs; k++) {
        const float4 A = xa[L::kColLanes * k], B = xb[L::kColLanes * k];
        S[2 * k][0] = fmaf(A.x, B.x, S[2 * k][0]);
        S[2 * k][1] = fmaf(A.y, B.y, S[2 * k][1]);
        S[2 * k + 1][0] = fmaf(A.z, B.z, S[2 * k + 1][0]);
        S[2 * k + 1][1] = fmaf(A.w, B.w, S[2 * k + 1][1]);
    }
}

/** Sum of a lane's entries as a tree. */
template <int kRows>
DEVICE float lane_sum(const float (&X)[kRows][2]) {
    float sum = 0.0f;
#pragma unroll
    for (int r = 0; r < kRows; r += 4) {
        sum += ((X[r][0] + X[r][1]) + (X[r + 1][0] + X[r + 1][1])) +
               ((X[r + 2][0] + X[r + 2][1]) + (X[r + 3][0] + X[r + 3][1]));
    }
    return sum;
}
