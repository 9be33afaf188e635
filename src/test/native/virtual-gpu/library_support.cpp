#include "library_support.h"

#include "faults.h"
#include "memory.h"
#include "objects.h"
#include "settings.h"

using namespace vgpu;

extern "C" {

VGPU_EXPORT CUresult vgpu_enqueue(void* stream, const char* kind, CUresult (*work)(void*), void* data) {
    Context* context;
    if (CUresult error = usable_context(&context)) return error;
    const Fault fault = next_call(kind, context->device->index);
    if (fault.lost) context->device->lost = fault.error;
    if (fault.error && !fault.late) {
        spoil(context, fault.error);
        return fault.error;
    }
    push(resolve_stream(context, stream), [=]() -> CUresult {
        if (fault.delay_ms) std::this_thread::sleep_for(std::chrono::milliseconds(fault.delay_ms));
        return fault.error ? fault.error : work(data);
    });
    return kSuccess;
}

VGPU_EXPORT bool vgpu_is_device_memory(const void* start, size_t bytes) {
    Context* context = current_context();
    return context && is_device_memory(reinterpret_cast<uint64_t>(start), bytes, context->device->index);
}

VGPU_EXPORT bool vgpu_is_pinned_memory(const void* start, size_t bytes) { return is_pinned(start, bytes); }

VGPU_EXPORT const char* vgpu_kernel_name(int n) {
    const auto kernels = all_host_kernels();
    return n < static_cast<int>(kernels.size()) ? kernels[n]->name : nullptr;
}

VGPU_EXPORT int vgpu_kernel_parameters(int n, unsigned* bytes, int room) {
    const HostKernel* kernel = all_host_kernels()[n];
    for (int p = 0; p < kernel->parameters && p < room; p++) bytes[p] = kernel->sizes[p];
    return kernel->parameters;
}

VGPU_EXPORT CUresult vgpu_fault(const char* kind) { return next_call(kind, kHostMemory).error; }

VGPU_EXPORT int vgpu_capability() { return settings().capability; }
}
