// What the environment says, read once. See README.md for the variables.
#pragma once

#include <string>
#include <vector>

namespace vgpu {

enum class Schedule { kForward, kReverse, kRandom };

struct Settings {
    int devices;
    std::vector<size_t> memory_bytes;  // by device; the last one for those beyond it
    int driver_version;                // as cuDriverGetVersion gives it: 12060 is CUDA 12.6
    int capability;                    // 90 is sm_90
    int threads;                       // operating system threads that run blocks
    unsigned seed;
    std::string kernels;  // shared library with the host-compiled kernels
    std::string faults;
    bool quiet;
};

const Settings& settings();

// The order of blocks, warps and lanes; a test may change it at any time.
Schedule schedule();

// One line on stderr unless VGPU_QUIET=1; kept for vgpu_last_message either way.
void say(const std::string& message);

// printf into a std::string.
__attribute__((format(printf, 1, 2))) std::string text(const char* format, ...);

}  // namespace vgpu
