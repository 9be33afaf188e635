/*
 * Small kernels for the tests of the virtual GPU and of the host layer; the driver compiles them as any other.
 * Some are wrong on purpose: their comments say how.
 */
#ifdef __CUDACC__
#define DYNAMIC_SHARED(Type, name)                                         \
    extern __shared__ __align__(16) unsigned char dynamic_shared_memory[]; \
    Type* const name = reinterpret_cast<Type*>(dynamic_shared_memory)
#define EXPORT_KERNEL(name)
#else
#include "device_shim.h"
#endif

struct Scaling {
    int count;
    float factor;
};

// y[i] = a x[i] + y[i]
extern "C" __global__ void __launch_bounds__(256) vgpu_axpy(int count, float a, const float* x, float* y) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count) y[i] = fmaf(a, x[i], y[i]);
}
EXPORT_KERNEL(vgpu_axpy)

// out[block] = sum over the block's part of factor * in[i], by shuffles and dynamic shared memory
extern "C" __global__ void __launch_bounds__(1024)
    vgpu_block_sum(Scaling scaling, const float* in, double* out) {
    DYNAMIC_SHARED(double, parts);
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    double sum = i < scaling.count ? static_cast<double>(in[i]) * scaling.factor : 0.0;
    for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, offset);
    if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = sum;
    __syncthreads();
    if (threadIdx.x >= 32) return;
    sum = threadIdx.x < blockDim.x / 32 ? parts[threadIdx.x] : 0.0;
    for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, offset);
    if (threadIdx.x == 0) out[blockIdx.x] = sum;
}
EXPORT_KERNEL(vgpu_block_sum)

// inclusive sum over the lanes of each warp; + 1000 where the sum is odd
extern "C" __global__ void vgpu_warp_scan(int* values) {
    const int lane = threadIdx.x % 32;
    int sum = values[threadIdx.x];
    for (int step = 1; step < 32; step *= 2) {
        const int left = __shfl_up_sync(0xffffffffu, sum, step);
        if (lane >= step) sum += left;
    }
    const unsigned odd = __ballot_sync(0xffffffffu, sum & 1);
    values[threadIdx.x] = sum + static_cast<int>(odd >> lane & 1) * 1000;
}
EXPORT_KERNEL(vgpu_warp_scan)

// out[t] = (t + rounds) mod 1024: turns a ring in shared memory
extern "C" __global__ void __launch_bounds__(1024) vgpu_ring(int rounds, int* out) {
    __shared__ int ring[1024];
    ring[threadIdx.x] = threadIdx.x;
    __syncthreads();
    for (int round = 0; round < rounds; round++) {
        const int next = ring[(threadIdx.x + 1) % 1024];
        __syncthreads();
        ring[threadIdx.x] = next;
        __syncthreads();
    }
    out[threadIdx.x] = ring[threadIdx.x];
}
EXPORT_KERNEL(vgpu_ring)

// Wrong: a barrier is missing, so the result depends on the order of the threads.
extern "C" __global__ void vgpu_race(int* out) {
    __shared__ int shared[256];
    shared[threadIdx.x] = threadIdx.x;
    out[threadIdx.x] = shared[(threadIdx.x + 255) % 256];
}
EXPORT_KERNEL(vgpu_race)

// Wrong: a part of the block waits at a barrier that the others never reach.
extern "C" __global__ void vgpu_divergent(int* out) {
    if (threadIdx.x < 64) __syncthreads();
    out[threadIdx.x] = 1;
}
EXPORT_KERNEL(vgpu_divergent)

// Wrong if there are fewer than first + threads numbers behind out.
extern "C" __global__ void vgpu_write_at(int first, float* out) { out[first + threadIdx.x] = 1.0f; }
EXPORT_KERNEL(vgpu_write_at)

// Wrong: shared memory is read before it is written.
extern "C" __global__ void vgpu_fresh_shared(float* out) {
    __shared__ float fixed[32];
    DYNAMIC_SHARED(float, dynamic);
    out[threadIdx.x] = fixed[threadIdx.x];
    out[32 + threadIdx.x] = dynamic[threadIdx.x];
    fixed[threadIdx.x] = 1.0f;
    dynamic[threadIdx.x] = 1.0f;
}
EXPORT_KERNEL(vgpu_fresh_shared)
