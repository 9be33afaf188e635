// Lets g++ compile a kernel file (.cu) for the virtual GPU: the CUDA words, warp calls and device functions in use.
// A kernel file includes it where __CUDACC__ is not defined; kernels are extern "C" and written
//     extern "C" __global__ void __launch_bounds__(N) name(...) { ... }
//     EXPORT_KERNEL(name)
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "thread_block.h"

#define __global__
#define __device__
#define __host__
#define __constant__ static const
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __align__(n) __attribute__((aligned(n)))
#ifndef __restrict__
#define __restrict__ __restrict
#endif

// A block runs on one operating system thread, so what is per thread to the compiler is per block to the kernel.
#define __shared__ static thread_local
#define DYNAMIC_SHARED(Type, name) \
    Type* const name = reinterpret_cast<Type*>(vgpu::vgpu_block->dynamic_shared)

// Ends the declaration that `void` began and starts the kernel's own, so that the bound is on record when
// EXPORT_KERNEL comes: initializers of one file run in order.
#define VGPU_JOIN2(a, b) a##b
#define VGPU_JOIN(a, b) VGPU_JOIN2(a, b)
#define __launch_bounds__(...)                                                                         \
    VGPU_JOIN(vgpu_unused_, __LINE__)();                                                               \
    [[maybe_unused]] static const int VGPU_JOIN(vgpu_bound_, __LINE__) = vgpu::set_bound(__VA_ARGS__); \
    extern "C" void
#define EXPORT_KERNEL(name)                                                           \
    static const vgpu::HostKernel vgpu_kernel_##name = {#name,                        \
                                                        vgpu::Call<&name>::kCount,    \
                                                        vgpu::Call<&name>::kSizes,    \
                                                        vgpu::Call<&name>::kPointers, \
                                                        vgpu::take_bound(),           \
                                                        &vgpu::Call<&name>::run};     \
    [[maybe_unused]] static const bool vgpu_registered_##name = vgpu::add_kernel(&vgpu_kernel_##name);

#define VGPU_VECTORS(T, name)                                          \
    struct __align__(2 * sizeof(T)) name##2 { T x, y; };               \
    struct name##3 { T x, y, z; };                                     \
    struct __align__(16) name##4 { T x, y, z, w; };                    \
    inline name##2 make_##name##2(T x, T y) { return {x, y}; }         \
    inline name##3 make_##name##3(T x, T y, T z) { return {x, y, z}; } \
    inline name##4 make_##name##4(T x, T y, T z, T w) { return {x, y, z, w}; }
VGPU_VECTORS(float, float)
VGPU_VECTORS(int, int)
VGPU_VECTORS(double, double)
#undef VGPU_VECTORS

#define threadIdx (vgpu::vgpu_thread->index)
#define blockIdx (vgpu::vgpu_block->index)
#define blockDim (vgpu::vgpu_block->threads)
#define gridDim (vgpu::vgpu_block->grid)
#define warpSize 32

namespace vgpu {

// ---- registration, in kernel_registry.cpp
std::vector<const HostKernel*>& kernel_list();
int set_bound(int threads, int min_blocks = 0, int cluster = 0);
int take_bound();
inline bool add_kernel(const HostKernel* kernel) {
    kernel_list().push_back(kernel);
    return true;
}

// Number, sizes and kinds of the parameters by the kernel's own signature.
template <auto Kernel>
struct Call;
template <class... Parameters, void (*Kernel)(Parameters...)>
struct Call<Kernel> {
    static constexpr int kCount = sizeof...(Parameters);
    static constexpr uint32_t kSizes[kCount + 1] = {static_cast<uint32_t>(sizeof(Parameters))..., 0};
    static constexpr uint8_t kPointers[kCount + 1] = {std::is_pointer_v<Parameters>..., 0};

    static void run(void** values) { unpack(values, std::index_sequence_for<Parameters...>{}); }
    template <size_t... I>
    static void unpack([[maybe_unused]] void** values, std::index_sequence<I...>) {
        Kernel(*static_cast<std::remove_cv_t<Parameters>*>(values[I])...);
    }
};

// ---- warp calls. A call is known by its line: an address would not do, since g++ may copy the call.
inline unsigned lane() { return vgpu_thread->linear & 31; }
inline Warp& warp() { return vgpu_block->warp[vgpu_thread->linear >> 5]; }

template <class T>
T exchange(const void* place, uint32_t mask, T value, unsigned source) {
    static_assert(sizeof(T) <= sizeof(uint64_t));
    memcpy(&warp().given[lane()], &value, sizeof value);
    vgpu_wait_warp(mask, place);
    T result;
    memcpy(&result, &warp().taken[source & 31], sizeof result);
    return result;
}

inline unsigned first_of_group(unsigned lane, int width) {
    return lane & ~(static_cast<unsigned>(width) - 1);
}

template <class T>
T shuffle(const void* place, uint32_t mask, T value, int source, int width = 32) {
    return exchange(place, mask, value, first_of_group(lane(), width) | (source & (width - 1)));
}

template <class T>
T shuffle_xor(const void* place, uint32_t mask, T value, int bits, int width = 32) {
    const unsigned me = lane(), other = me ^ static_cast<unsigned>(bits);
    return exchange(place, mask, value,
                    first_of_group(other, width) > first_of_group(me, width) ? me : other);
}

template <class T>
T shuffle_down(const void* place, uint32_t mask, T value, unsigned delta, int width = 32) {
    const unsigned me = lane(), other = me + delta;
    return exchange(place, mask, value,
                    first_of_group(other, width) != first_of_group(me, width) ? me : other);
}

template <class T>
T shuffle_up(const void* place, uint32_t mask, T value, unsigned delta, int width = 32) {
    const unsigned me = lane();
    return exchange(place, mask, value, me - first_of_group(me, width) < delta ? me : me - delta);
}

inline unsigned ballot(const void* place, uint32_t mask, int vote) {
    Warp& w = warp();
    w.votes = (w.votes & ~(1u << lane())) | (static_cast<unsigned>(vote != 0) << lane());
    vgpu_wait_warp(mask, place);
    return w.votes_taken & mask;
}

inline int count_votes(const void* place, int vote) {
    vgpu_block->votes += vote != 0;
    vgpu_wait_block(place);
    return vgpu_block->votes_taken;
}

}  // namespace vgpu

#define VGPU_PLACE reinterpret_cast<const void*>(static_cast<uintptr_t>(__LINE__))
#define __syncthreads() vgpu::vgpu_wait_block(VGPU_PLACE)
#define __syncthreads_count(vote) vgpu::count_votes(VGPU_PLACE, vote)
#define __syncthreads_or(vote) (vgpu::count_votes(VGPU_PLACE, vote) != 0)
#define VGPU_FIRST_OR_ALL(mask, ...) mask
#define __syncwarp(...) \
    vgpu::vgpu_wait_warp(VGPU_FIRST_OR_ALL(__VA_ARGS__ __VA_OPT__(, ) 0xffffffffu), VGPU_PLACE)
#define __shfl_sync(...) vgpu::shuffle(VGPU_PLACE, __VA_ARGS__)
#define __shfl_xor_sync(...) vgpu::shuffle_xor(VGPU_PLACE, __VA_ARGS__)
#define __shfl_down_sync(...) vgpu::shuffle_down(VGPU_PLACE, __VA_ARGS__)
#define __shfl_up_sync(...) vgpu::shuffle_up(VGPU_PLACE, __VA_ARGS__)
#define __ballot_sync(mask, vote) vgpu::ballot(VGPU_PLACE, mask, vote)
#define __any_sync(mask, vote) (vgpu::ballot(VGPU_PLACE, mask, vote) != 0)
#define __all_sync(mask, vote) (vgpu::ballot(VGPU_PLACE, mask, vote) == (mask))

// ---- device functions. Those that a GPU rounds otherwise (rsqrtf, __fdividef, __expf) are exact to a rounding here:
// their error has to be measured on a GPU.
template <class T>
inline T __ldg(const T* pointer) {
    return *pointer;
}
inline float __fmaf_rn(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline double __fma_rn(double a, double b, double c) { return __builtin_fma(a, b, c); }
inline float __fsqrt_rn(float x) { return std::sqrt(x); }
inline float __frcp_rn(float x) { return 1.0f / x; }
inline float __fdiv_rn(float x, float y) { return x / y; }
inline float __frsqrt_rn(float x) { return static_cast<float>(1.0 / std::sqrt(static_cast<double>(x))); }
inline float rsqrtf(float x) { return 1.0f / std::sqrt(x); }
inline double rsqrt(double x) { return 1.0 / std::sqrt(x); }
inline float __fdividef(float x, float y) { return x / y; }
inline float __expf(float x) { return std::exp(x); }
inline float __saturatef(float x) { return x < 0.0f ? 0.0f : x > 1.0f ? 1.0f : x; }
inline int __float_as_int(float x) {
    int bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}
inline float __int_as_float(int bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __clz(int x) { return x ? __builtin_clz(static_cast<unsigned>(x)) : 32; }
inline int __ffs(int x) { return __builtin_ffs(x); }
// std::isfinite and the like, by their device names.
using std::isfinite;
using std::isinf;
using std::isnan;
using std::max;
using std::min;

// Blocks run on several threads, so these are real atomics. Floats have none: results must not depend on an order.
inline int atomicAdd(int* at, int value) { return __atomic_fetch_add(at, value, __ATOMIC_RELAXED); }
inline unsigned atomicAdd(unsigned* at, unsigned value) {
    return __atomic_fetch_add(at, value, __ATOMIC_RELAXED);
}
inline int atomicOr(int* at, int bits) { return __atomic_fetch_or(at, bits, __ATOMIC_RELAXED); }
inline unsigned atomicOr(unsigned* at, unsigned bits) {
    return __atomic_fetch_or(at, bits, __ATOMIC_RELAXED);
}
inline int atomicMax(int* at, int value) {
    int old = __atomic_load_n(at, __ATOMIC_RELAXED);
    while (old < value &&
           !__atomic_compare_exchange_n(at, &old, value, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
    return old;
}
inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline void __threadfence_block() {}
