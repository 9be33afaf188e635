// Lets g++ compile the kernels of kernels-cuda/ for the host check: the threads of a block are fibers on one OS thread, and
// barriers and shuffles switch between them. Only what the kernels use.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>

#define __global__
#define __device__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __shared__ static thread_local
#define __align__(n) __attribute__((aligned(n)))
#define __restrict__ __restrict
#define DYNAMIC_SHARED(Type, name) Type* const name = reinterpret_cast<Type*>(check::block().dynamic_shared)

struct uint3 {
    unsigned x, y, z;
};
struct alignas(8) float2 {
    float x, y;
};
struct alignas(16) float4 {
    float x, y, z, w;
};
struct alignas(16) double2 {
    double x, y;
};
using std::max;
using std::min;

namespace check {

/** What the running fiber sees. */
struct Block {
    uint3 thread, index, size, grid;
    unsigned lane;
    void* dynamic_shared;
};
Block& block();

/** Waits for all threads of the block. */
void wait_for_block(int site);
/** Waits for the warp; hands back what lane `source` gave. */
uint64_t exchange(uint64_t value, unsigned source, int site);

template <class T>
T shuffle(T value, unsigned source, int site) {
    static_assert(sizeof(T) <= sizeof(uint64_t));
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    bits = exchange(bits, source & 31, site);
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

struct Kernel {
    const char* name;
    void (*invoke)(void** parameters);
    Kernel* next;
};
Kernel*& kernels();

template <auto function>
struct Invoker;
template <class... A, void (*function)(A...)>
struct Invoker<function> {
    template <size_t... I>
    static void call(void** p, std::index_sequence<I...>) {
        function(*static_cast<std::remove_reference_t<A>*>(p[I])...);
    }
    static void invoke(void** p) { call(p, std::index_sequence_for<A...>{}); }
};

struct Registration {
    Kernel kernel;
    Registration(const char* name, void (*invoke)(void**)) : kernel{name, invoke, kernels()} {
        kernels() = &kernel;
    }
};

}  // namespace check

#define EXPORT_KERNEL(name) \
    static check::Registration check_registration_##name(#name, &check::Invoker<&name>::invoke);
#define threadIdx (check::block().thread)
#define blockIdx (check::block().index)
#define blockDim (check::block().size)
#define gridDim (check::block().grid)
// The source line identifies a barrier.
#define __syncthreads() check::wait_for_block(__LINE__)
#define __shfl_sync(mask, value, source) check::shuffle(value, source, __LINE__)
#define __shfl_xor_sync(mask, value, bits) check::shuffle(value, check::block().lane ^ (bits), __LINE__)
