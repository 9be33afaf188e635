// Copies and fills. Async copies with ordinary (not pinned) host memory are synchronous, as on a GPU.
#include <cstring>

#include "faults.h"
#include "memory.h"
#include "objects.h"
#include "settings.h"

using namespace vgpu;

namespace {

struct Range {
    uint64_t start;
    size_t bytes;
};

CUresult check_range(const char* call, Context* context, Range range) {
    if (is_device_memory(range.start, range.bytes, context->device->index)) return kSuccess;
    say(text("%s: 0x%lx + %zu bytes is no memory of device %d", call, static_cast<unsigned long>(range.start),
             range.bytes, context->device->index));
    return kInvalidValue;
}

// Enqueues a copy on a stream and counts it as a call of `kind`.
CUresult enqueue_copy(const char* kind, Context* context, Stream* stream, void* to, const void* from,
                      size_t bytes, bool wait) {
    const Fault fault = next_call(kind, context->device->index);
    if (fault.lost) context->device->lost = fault.error;
    if (fault.error && !fault.late) {
        spoil(context, fault.error);
        return fault.error;
    }
    const TicketPointer ticket = push(stream, [=]() -> CUresult {
        if (fault.delay_ms) std::this_thread::sleep_for(std::chrono::milliseconds(fault.delay_ms));
        if (fault.error) return fault.error;
        memmove(to, from, bytes);
        return kSuccess;
    });
    if (!wait) return kSuccess;
    ticket->wait();
    return usable_context(&context);
}

void* address(CUdeviceptr pointer) { return reinterpret_cast<void*>(pointer); }

// bytes 0 is allowed and does nothing
CUresult copy_in(const char* call, CUdeviceptr to, const void* from, size_t bytes, void* handle, bool wait) {
    Context* context;
    if (CUresult error = usable_context(&context)) return error;
    if (!bytes) return kSuccess;
    if (CUresult error = check_range(call, context, {to, bytes})) return error;
    return enqueue_copy("h2d", context, resolve_stream(context, handle), address(to), from, bytes,
                        wait || !is_pinned(from, bytes));
}

CUresult copy_out(const char* call, void* to, CUdeviceptr from, size_t bytes, void* handle, bool wait) {
    Context* context;
    if (CUresult error = usable_context(&context)) return error;
    if (!bytes) return kSuccess;
    if (CUresult error = check_range(call, context, {from, bytes})) return error;
    return enqueue_copy("d2h", context, resolve_stream(context, handle), to, address(from), bytes,
                        wait || !is_pinned(to, bytes));
}

CUresult copy_within(const char* call, CUdeviceptr to, CUdeviceptr from, size_t bytes, void* handle) {
    Context* context;
    if (CUresult error = usable_context(&context)) return error;
    if (!bytes) return kSuccess;
    if (CUresult error = check_range(call, context, {to, bytes})) return error;
    if (CUresult error = check_range(call, context, {from, bytes})) return error;
    return enqueue_copy("d2d", context, resolve_stream(context, handle), address(to), address(from), bytes,
                        false);
}

template <class T>
CUresult fill(const char* call, CUdeviceptr to, T value, size_t count, void* handle, bool wait) {
    Context* context;
    if (CUresult error = usable_context(&context)) return error;
    if (!count) return kSuccess;
    if (CUresult error = check_range(call, context, {to, count * sizeof(T)})) return error;
    if (CUresult error = fault_now("memset", context->device)) {
        spoil(context, error);
        return error;
    }
    const TicketPointer ticket = push(resolve_stream(context, handle), [=] {
        T* out = static_cast<T*>(address(to));
        for (size_t i = 0; i < count; i++) out[i] = value;
        return kSuccess;
    });
    if (wait) ticket->wait();
    return kSuccess;
}

}  // namespace

VGPU_API cuMemcpyHtoD_v2(CUdeviceptr to, const void* from, size_t bytes) {
    return copy_in("cuMemcpyHtoD", to, from, bytes, nullptr, true);
}

VGPU_API cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from, size_t bytes, void* stream) {
    return copy_in("cuMemcpyHtoDAsync", to, from, bytes, stream, false);
}

VGPU_API cuMemcpyDtoH_v2(void* to, CUdeviceptr from, size_t bytes) {
    return copy_out("cuMemcpyDtoH", to, from, bytes, nullptr, true);
}

VGPU_API cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from, size_t bytes, void* stream) {
    return copy_out("cuMemcpyDtoHAsync", to, from, bytes, stream, false);
}

VGPU_API cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
    return copy_within("cuMemcpyDtoD", to, from, bytes, nullptr);
}

VGPU_API cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, void* stream) {
    return copy_within("cuMemcpyDtoDAsync", to, from, bytes, stream);
}

VGPU_API cuMemsetD8_v2(CUdeviceptr to, unsigned char value, size_t count) {
    return fill("cuMemsetD8", to, value, count, nullptr, true);
}

VGPU_API cuMemsetD32_v2(CUdeviceptr to, unsigned value, size_t count) {
    return fill("cuMemsetD32", to, value, count, nullptr, true);
}

VGPU_API cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count, void* stream) {
    return fill("cuMemsetD8Async", to, value, count, stream, false);
}

VGPU_API cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count, void* stream) {
    return fill("cuMemsetD32Async", to, value, count, stream, false);
}
