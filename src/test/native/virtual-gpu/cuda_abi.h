// The part of the CUDA driver ABI that the virtual GPU implements: result codes, attribute numbers and flag bits, by
// NVIDIA's numbers. Handles are pointers to the objects of objects.h.
#pragma once

#include <cstddef>
#include <cstdint>

using CUresult = int;
using CUdevice = int;
using CUdeviceptr = unsigned long long;

namespace vgpu {

enum Result : CUresult {
    kSuccess = 0,
    kInvalidValue = 1,
    kOutOfMemory = 2,
    kNotInitialized = 3,
    kNoDevice = 100,
    kInvalidDevice = 101,
    kInvalidImage = 200,
    kInvalidContext = 201,
    kNoBinaryForGpu = 209,
    kEccUncorrectable = 214,
    kInvalidPtx = 218,
    kUnsupportedPtxVersion = 222,
    kFileNotFound = 301,
    kInvalidHandle = 400,
    kNotFound = 500,
    kNotReady = 600,
    kIllegalAddress = 700,
    kLaunchOutOfResources = 701,
    kLaunchFailed = 719,
    kNotSupported = 801,
    kUnknown = 999,
};

// After one of these every later call in the context fails with it (the driver's word for them is "sticky").
constexpr bool is_sticky(CUresult code) {
    return code == kEccUncorrectable || code == kIllegalAddress || (code >= 709 && code <= 719) ||
           code == kUnknown;
}

constexpr unsigned kWarpSize = 32;
constexpr unsigned kMaxThreadsPerBlock = 1024;
constexpr int kMaxSharedPerBlock = 48 << 10;        // without asking for more
constexpr int kMaxSharedPerBlockOptin = 227 << 10;  // with cuFuncSetAttribute, as on sm_90
constexpr int kMaxSharedPerMultiprocessor = 228 << 10;

}  // namespace vgpu

#define VGPU_EXPORT __attribute__((visibility("default")))
#define VGPU_API extern "C" VGPU_EXPORT CUresult
