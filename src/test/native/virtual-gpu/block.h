// Runs one block of a launch on the calling operating system thread.
#pragma once

#include <string>

#include "cuda_abi.h"
#include "thread_block.h"

namespace vgpu {

struct Launch {
    const HostKernel* kernel;
    unsigned grid[3], block[3];
    void** parameters;
    size_t dynamic_shared;
    unsigned seed;
};

// Runs block (x, y, z). On an error `reason` says what went wrong.
CUresult run_block(const Launch& launch, const unsigned index[3], std::string* reason);

// Bad addresses in kernels become ILLEGAL_ADDRESS; everyone else's go where they went before.
void install_fault_handler();

// Once on each thread that may run blocks.
void prepare_thread_for_kernels();

// ---- kernel_library.cpp
// The memory of the kernels' static __shared__ variables on this thread, to be poisoned before each block.
struct SharedMemory {
    char* start;
    size_t bytes;
};
SharedMemory static_shared_memory();

}  // namespace vgpu
