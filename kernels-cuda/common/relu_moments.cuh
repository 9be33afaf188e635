// One ReLU on one entry; src/docs/maths.md, eq. 5 to 7, 15 and 16. Oracle: maths/ArcCosine.java.
#pragma once
#include "device.cuh"

// q P(u) = -acos(1-u)/pi and q u R(u) = (sqrt(u(2-u)) - (1-u) acos(1-u))/pi with q = sqrt u, on [0,1]; minimax with weights u^0.1
// and u, because deep layers live near u = 0, where an error of one sign adds up.
DEVICE float angle_part(float u) {
    float p = -0.00141987202f;
    p = fmaf(p, u, 0.000850233224f);
    p = fmaf(p, u, -0.00358431801f);
    p = fmaf(p, u, -0.00814425871f);
    p = fmaf(p, u, -0.0375439584f);
    return fmaf(p, u, -0.450157511f);
}

DEVICE float bulge_part(float u) {
    float r = 0.00048854952f;
    r = fmaf(r, u, 9.28859256e-05f);
    r = fmaf(r, u, 0.00267565504f);
    r = fmaf(r, u, 0.0149424794f);
    return fmaf(r, u, 0.300110204f);
}

/** S and T~ behind the ReLU. `self`: the correlation is 1 by definition. */
DEVICE float2 relu_moments(float s, float t, float la, float lb, bool self) {
    if (self) {
        return state<float>(s, t + s);
    }
    const float scale = la * lb;
    const float d = above_zero(fmaf(la, lb, -fabsf(s)));
    const float u = scale > 0.0f ? fminf(d / scale, 1.0f) : 0.0f;
    const float q = sqrtf(u);
    const float out = fmaf(d * q, bulge_part(u), above_zero(s));
    const float w = 0.5f + copysignf(fmaf(q, angle_part(u), 0.5f), s);
    return state<float>(out, fmaf(t, w, out));
}

DEVICE double2 relu_moments(double s, double t, double la, double lb, bool self) {
    if (self) {
        return state<double>(s, t + s);
    }
    constexpr double kInversePi = 0.31830988618379067;
    constexpr double kShrink = 1 - 0x1p-51;  // so that d is exactly 0 for equal, doubled and negated pixels
    const double scale = la * (kShrink * lb);
    const double d = above_zero(scale - fabs(s));
    const double u = scale > 0.0 ? fmin(d / scale, 1.0) : 0.0;
    const double angle = 2 * asin(sqrt(0.5 * u));  // acos(1-u), right for small u
    const double bulge = (sqrt(u * (2 - u)) - (1 - u) * angle) * kInversePi;
    const double out = fma(scale, bulge, above_zero(s));
    const double w = 0.5 + copysign(0.5 - angle * kInversePi, s);
    return state<double>(out, fma(t, w, out));
}
