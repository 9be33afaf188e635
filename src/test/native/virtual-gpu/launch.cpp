// cuLaunchKernel and what can be asked of a function.
#include <atomic>
#include <cstring>
#include <vector>

#include "faults.h"
#include "grid.h"
#include "memory.h"
#include "objects.h"
#include "settings.h"

using namespace vgpu;

namespace {

// The values of a launch's parameters: they are copied at the call, since the launch is asynchronous.
class Parameters {
 public:
    Parameters(const HostKernel& kernel, void** given) : pointers_(kernel.parameters) {
        for (int p = 0; p < kernel.parameters; p++) values_.emplace_back((kernel.sizes[p] + 15) / 16);
        for (int p = 0; p < kernel.parameters; p++) {
            pointers_[p] = values_[p].data();
            memcpy(pointers_[p], given[p], kernel.sizes[p]);
        }
    }
    Parameters(const Parameters&) = delete;
    void** pointers() { return pointers_.data(); }
    uint64_t address(int p) const {
        uint64_t value;
        memcpy(&value, pointers_[p], sizeof value);
        return value;
    }

 private:
    struct alignas(16) Chunk {
        char bytes[16];
    };
    std::vector<std::vector<Chunk>> values_;
    std::vector<void*> pointers_;
};

bool fits(const Function& function, const unsigned grid[3], const unsigned block[3], unsigned shared) {
    const uint64_t threads = uint64_t{block[0]} * block[1] * block[2];
    return grid[0] && grid[1] && grid[2] && grid[0] <= 2147483647u && grid[1] <= 65535 && grid[2] <= 65535 &&
           threads && block[0] <= 1024 && block[1] <= 1024 && block[2] <= 64 &&
           threads <= kMaxThreadsPerBlock && static_cast<int>(shared) <= function.max_dynamic_shared;
}

// A pointer into another device's memory, or into none, is what a real kernel would stumble over.
CUresult check_pointers(const HostKernel& kernel, const Parameters& parameters, int device) {
    for (int p = 0; p < kernel.parameters; p++) {
        if (!kernel.is_pointer[p] || is_reachable(parameters.address(p), device)) continue;
        say(text("launch of %s on device %d: parameter %d (0x%lx) points to no memory of this device",
                 kernel.name, device, p, static_cast<unsigned long>(parameters.address(p))));
        return kIllegalAddress;
    }
    return kSuccess;
}

CUresult run_launch(const Launch& launch, const Fault& fault, Device* device) {
    if (fault.delay_ms) std::this_thread::sleep_for(std::chrono::milliseconds(fault.delay_ms));
    if (fault.error) {
        if (fault.lost) device->lost = fault.error;
        return fault.error;
    }
    if (const CUresult error = run_grid(launch)) return error;
    return guards_are_whole(device->index, std::string("kernel ") + launch.kernel->name) ? kSuccess
                                                                                         : kIllegalAddress;
}

}  // namespace

VGPU_API cuLaunchKernel(Function* function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                        unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared, void* handle,
                        void** given, void** extra) {
    static std::atomic<unsigned> launches{0};
    Context* context;
    if (CUresult error = usable_context(&context)) return error;
    if (!function) return kInvalidHandle;
    if (extra) return kNotSupported;
    const HostKernel& kernel = *function->kernel;
    const unsigned grid[3] = {grid_x, grid_y, grid_z}, block[3] = {block_x, block_y, block_z};
    if (!fits(*function, grid, block, shared) || (!given && kernel.parameters)) {
        say(text("launch of %s: grid %u x %u x %u, block %u x %u x %u, %u B of shared memory is not allowed",
                 kernel.name, grid_x, grid_y, grid_z, block_x, block_y, block_z, shared));
        return kInvalidValue;
    }
    if (kernel.max_threads && block_x * block_y * block_z > static_cast<unsigned>(kernel.max_threads)) {
        say(text("launch of %s: more threads than its __launch_bounds__(%d)", kernel.name,
                 kernel.max_threads));
        return kLaunchOutOfResources;
    }
    Device* device = context->device;
    Fault fault = next_call("launch", device->index);
    if (fault.error && !fault.late) {
        if (fault.lost) device->lost = fault.error;
        spoil(context, fault.error);
        return fault.error;
    }
    auto parameters = std::make_shared<Parameters>(kernel, given);
    if (CUresult error = check_pointers(kernel, *parameters, device->index))
        fault.error = error;  // shows up later
    const unsigned seed = settings().seed + launches++;
    const HostKernel* host_kernel = function->kernel;
    push(resolve_stream(context, handle), [=] {
        const Launch launch{host_kernel,
                            {grid_x, grid_y, grid_z},
                            {block_x, block_y, block_z},
                            parameters->pointers(),
                            shared,
                            seed};
        return run_launch(launch, fault, device);
    });
    return kSuccess;
}

// Numbers of CUfunction_attribute: 0 threads per block, 1 static shared, 3 local, 4 registers, 8 most dynamic shared.
VGPU_API cuFuncGetAttribute(int* value, int attribute, Function* function) {
    if (!function) return kInvalidHandle;
    switch (attribute) {
        case 0:
            *value = function->kernel->max_threads ? function->kernel->max_threads
                                                   : static_cast<int>(kMaxThreadsPerBlock);
            return kSuccess;
        case 8:
            *value = function->max_dynamic_shared;
            return kSuccess;
        default:
            *value = 0;  // registers, local and static shared memory are nvcc's to tell
            return kSuccess;
    }
}

VGPU_API cuFuncSetAttribute(Function* function, int attribute, int value) {
    if (!function) return kInvalidHandle;
    if (attribute != 8) return kSuccess;
    if (value < 0 || value > kMaxSharedPerBlockOptin) return kInvalidValue;
    function->max_dynamic_shared = value;
    return kSuccess;
}

VGPU_API cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, Function* function, int threads,
                                                     size_t shared) {
    if (!function || threads < 1) return kInvalidValue;
    const int by_threads = 2048 / threads;
    const int by_shared = shared ? static_cast<int>(kMaxSharedPerMultiprocessor / (shared + 1024)) : 32;
    *blocks = std::max(1, std::min({by_threads, by_shared, 32}));
    return kSuccess;
}
