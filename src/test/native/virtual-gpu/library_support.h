// What libcuda.so.1 offers to the other virtual libraries.
#pragma once

#include <cstddef>

#include "cuda_abi.h"

extern "C" {
// Runs work(data) on the stream, as a call of `kind` for the faults. Returns what cuLaunchKernel would.
CUresult vgpu_enqueue(void* stream, const char* kind, CUresult (*work)(void*), void* data);

// Whether the bytes are memory of the calling thread's device.
bool vgpu_is_device_memory(const void* start, size_t bytes);

bool vgpu_is_pinned_memory(const void* start, size_t bytes);

// The n-th host-compiled kernel: its name (null past the last one), and the bytes of its parameters.
const char* vgpu_kernel_name(int n);
int vgpu_kernel_parameters(int n, unsigned* bytes, int room);

// A fault of a call that belongs to no device.
CUresult vgpu_fault(const char* kind);

int vgpu_capability();
}
