// Device memory and pinned host memory, each allocation between unmapped pages.
#pragma once

#include <string>

#include "cuda_abi.h"
#include "objects.h"

namespace vgpu {

constexpr int kHostMemory = -1;  // where a device number is asked for

// Whether [start, start + bytes) lies inside one live allocation of this device.
bool is_device_memory(uint64_t start, size_t bytes, int device);

// True for pinned or registered host memory, false for ordinary memory.
bool is_pinned(const void* start, size_t bytes);

// Whether `pointer` may be a kernel's argument on this device: null, its own memory, or pinned host memory.
bool is_reachable(uint64_t pointer, int device);

// Looks for writes outside the allocations of a device; false, and a message, if there was one.
bool guards_are_whole(int device, const std::string& after);

size_t leaked_bytes(int device);

void free_memory_of(Context* context);

}  // namespace vgpu
