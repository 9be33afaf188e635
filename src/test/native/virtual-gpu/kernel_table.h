// What a host-compiled kernel library tells the driver: one entry per __global__ function.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vgpu {

struct HostKernel {
    const char* name;
    int parameters;
    const uint32_t* sizes;      // bytes of each parameter
    const uint8_t* is_pointer;  // 1 where the parameter is a pointer: the driver checks whose memory it is
    int max_threads;            // of __launch_bounds__, or 0
    void (*invoke)(void** parameters);  // runs one thread
};

struct KernelTable {
    int count;
    const HostKernel* const* kernels;
    // Makes the library's thread storage, where its __shared__ variables are, for the calling thread.
    void (*make_shared_memory)();
};

// Exported by the kernel library as "vgpu_kernel_table".
using KernelTableFunction = KernelTable (*)();

}  // namespace vgpu
