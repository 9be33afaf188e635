// Where a kernel is compiled: by nvcc or NVRTC for a GPU, or by g++ for a virtual GPU. In the last case the folder of the
// shim that defines threadIdx, __syncthreads and their like as `device_shim.h` stands on the include path.
#pragma once

#ifdef __CUDACC__
#define DYNAMIC_SHARED(Type, name)                                         \
    extern __shared__ __align__(16) unsigned char dynamic_shared_memory[]; \
    Type* const name = reinterpret_cast<Type*>(dynamic_shared_memory)
#define EXPORT_KERNEL(name)
#define DEVICE static __device__ __forceinline__
#define DEVICE_MEMBER __device__ __forceinline__
#else
#include "device_shim.h"  // defines DYNAMIC_SHARED and EXPORT_KERNEL as well
#define DEVICE static inline __attribute__((always_inline))
#define DEVICE_MEMBER inline __attribute__((always_inline))
#endif

/** The same number, of which the compiler knows nothing: what a rare branch makes of it holds no register outside. */
DEVICE int hidden(int x) {
    asm volatile("" : "+r"(x));
    return x;
}

/** No load or store moves across: keeps few values in flight where registers are short. */
DEVICE void in_order() { asm volatile("" ::: "memory"); }

#ifdef __CUDACC__
// Cheap intrinsics, each called by name. The hardware's sqrt and rcp err by 2^-23 at most; random errors of that size change
// nothing in K and T (8e-8 at 20 layers), errors all of one sign would make 6e-7 of it (measured on the host with
// disturbed functions).
DEVICE float approximate_sqrt(float x) {
    float r;
    asm("sqrt.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(x));
    return r;
}
DEVICE float approximate_reciprocal(float x) {
    float r;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(x));
    return r;
}
/** a b + c within 0..1; NaN becomes 0. */
DEVICE float saturated_fma(float a, float b, float c) {
    float r;
    asm("fma.rn.ftz.sat.f32 %0, %1, %2, %3;" : "=f"(r) : "f"(a), "f"(b), "f"(c));
    return r;
}
/** Starts a copy of 16 bytes from global to shared memory; copies_done waits for this thread's copies. */
DEVICE void start_copy(float4* to, const float4* from) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"((unsigned)__cvta_generic_to_shared(to)),
                 "l"(from)
                 : "memory");
}
DEVICE void copies_done() { asm volatile("cp.async.wait_all;" ::: "memory"); }
#else
DEVICE float approximate_sqrt(float x) { return sqrtf(x); }
DEVICE float approximate_reciprocal(float x) { return 1.0f / x; }
DEVICE float saturated_fma(float a, float b, float c) {
    const float r = fmaf(a, b, c);
    return r > 0.0f ? fminf(r, 1.0f) : 0.0f;
}
DEVICE void start_copy(float4* to, const float4* from) { *to = *from; }
DEVICE void copies_done() {}
#endif

constexpr unsigned kAllLanes = 0xffffffffu;
constexpr int kWarp = 32;

/** The pair {S, T~} of one entry in the arithmetic of a build. */
template <class Real>
struct Pair2;
template <>
struct Pair2<float> {
    using type = float2;
};
template <>
struct Pair2<double> {
    using type = double2;
};
template <class Real>
using State = typename Pair2<Real>::type;

template <class Real>
DEVICE State<Real> state(Real s, Real t) {
    State<Real> x;
    x.x = s;
    x.y = t;
    return x;
}

DEVICE float fused(float a, float b, float c) { return fmaf(a, b, c); }
DEVICE double fused(double a, double b, double c) { return fma(a, b, c); }
DEVICE float root(float x) { return sqrtf(x); }
DEVICE double root(double x) { return sqrt(x); }
DEVICE float above_zero(float x) { return fmaxf(x, 0.0f); }
DEVICE double above_zero(double x) { return fmax(x, 0.0); }
DEVICE float magnitude(float x) { return fabsf(x); }
DEVICE double magnitude(double x) { return fabs(x); }
