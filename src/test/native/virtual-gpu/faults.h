// Faults on demand: the k-th call of a kind on a device fails, comes late or takes the device with it.
#pragma once

#include <string>

#include "cuda_abi.h"

namespace vgpu {

struct Device;

struct Fault {
    CUresult error = kSuccess;
    int delay_ms = 0;
    bool late = false;  // the call itself succeeds, the error shows up when the work runs
    bool lost = false;  // the device is gone: every later call on it fails with `error`
};

// Counts one call of `kind` on `device` and says what is to go wrong with it.
Fault next_call(const std::string& kind, int device);

// As next_call; waits and marks the device as lost where the fault says so. Returns the error of the call itself.
CUresult fault_now(const char* kind, Device* device);

}  // namespace vgpu
