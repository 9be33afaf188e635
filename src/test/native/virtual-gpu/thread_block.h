// The state of the block that runs on the calling operating system thread. Shared by the scheduler (block_runner.cpp, in
// libcuda.so.1) and by the compiled kernels (through device_shim.h).
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel_table.h"

struct uint3 {
    unsigned x, y, z;
};

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

namespace vgpu {

// One CUDA thread: a fiber, that is a stack of its own and a saved stack pointer.
struct Thread {
    uint3 index;
    unsigned linear;
    uint32_t mask;      // of the warp call that it waits in
    const void* place;  // which call it waits in
    void* stack_pointer;
    char* stack;  // its upper end
};

// What the lanes of a warp exchange. A lane may run ahead to its next exchange before a slower one has read this one,
// so values are copied when all have arrived.
struct Warp {
    uint64_t given[32], taken[32];
    uint32_t votes, votes_taken;
    // Where its lanes are, a bit each: able to go on, in a warp call, at a barrier of the block, or at their end.
    uint32_t ready, at_call, at_barrier, done;
    bool same_call;  // all of at_call have one mask and one place
};

struct Block {
    uint3 index;
    dim3 threads, grid;
    unsigned size;
    char* dynamic_shared;
    Warp* warp;
    int votes, votes_taken;  // of __syncthreads_count and its kin
};

// Of this operating system thread. `__thread`, not thread_local: no wrapper function on each access. initial-exec: an
// access is one instruction; for that the loader has to find room beside the program's own thread storage, which glibc
// keeps for such small libraries.
#define VGPU_THREAD_STORAGE extern "C" __attribute__((tls_model("initial-exec"))) __thread
VGPU_THREAD_STORAGE Thread* vgpu_thread;
VGPU_THREAD_STORAGE Block* vgpu_block;

// Called by kernels; both return when all threads concerned have arrived.
extern "C" void vgpu_wait_block(const void* place);
extern "C" void vgpu_wait_warp(uint32_t mask, const void* place);

}  // namespace vgpu
