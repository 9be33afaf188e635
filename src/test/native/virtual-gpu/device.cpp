// Devices, contexts, and what cuDeviceGetAttribute says: an H100 as far as limits go.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "block.h"
#include "faults.h"
#include "memory.h"
#include "objects.h"
#include "settings.h"

namespace vgpu {
namespace {

std::mutex& mutex = *new std::mutex;
std::vector<Device*>& all = *new std::vector<Device*>;
bool initialized = false;
thread_local std::vector<Context*> stack;

const std::map<int, int>& attributes() {
    static const auto& table = *new std::map<int, int>{{1, kMaxThreadsPerBlock},
                                                       {2, 1024},
                                                       {3, 1024},
                                                       {4, 64},  // block: threads, x, y, z
                                                       {5, 2147483647},
                                                       {6, 65535},
                                                       {7, 65535},  // grid x, y, z
                                                       {8, kMaxSharedPerBlock},
                                                       {9, 65536},
                                                       {10, kWarpSize},
                                                       {12, 65536},
                                                       {13, 1980000},
                                                       {16, 132},
                                                       {31, 1},
                                                       {36, 2619000},
                                                       {37, 5120},
                                                       {38, 50 << 20},
                                                       {39, 2048},
                                                       {40, 3},
                                                       {41, 1},
                                                       {81, kMaxSharedPerMultiprocessor},
                                                       {82, 65536},
                                                       {97, kMaxSharedPerBlockOptin},
                                                       {106, 32},
                                                       {111, 1024}};
    return table;
}

CUresult find(int index, Device** device) {
    if (!initialized) return kNotInitialized;
    *device = device_or_null(index);
    return *device ? kSuccess : kInvalidDevice;
}

size_t usual_memory(int index) {
    const std::vector<size_t>& bytes = settings().memory_bytes;
    return bytes[std::min<size_t>(index, bytes.size() - 1)];
}

// Frees what is left and says so: a program that ends well leaves nothing.
void report_leaks() {
    for (Device* device : all) {
        const size_t bytes = leaked_bytes(device->index);
        if (bytes)
            fprintf(stderr, "virtual gpu: leak: device %d still holds %zu bytes\n", device->index, bytes);
    }
    const size_t host = leaked_bytes(kHostMemory);
    if (host) fprintf(stderr, "virtual gpu: leak: %zu bytes of pinned host memory\n", host);
}

}  // namespace

const std::vector<Device*>& devices() { return all; }

Device* device_or_null(int index) {
    return index >= 0 && index < static_cast<int>(all.size()) ? all[index] : nullptr;
}

Context* current_context() { return stack.empty() ? nullptr : stack.back(); }

CUresult usable_context(Context** context) {
    if (!initialized) return kNotInitialized;
    *context = current_context();
    if (!*context) return kInvalidContext;
    if ((*context)->device->lost) return (*context)->device->lost;
    return (*context)->sticky;
}

void spoil(Context* context, CUresult error) {
    if (is_sticky(error)) context->sticky = error;
}

void destroy_context(Context* context) {
    std::vector<Stream*> streams;
    {
        std::lock_guard lock(context->mutex);
        streams = context->streams;
    }
    for (Stream* stream : streams) close_stream(stream);
    free_memory_of(context);
    std::erase(stack, context);
    delete context;
}

}  // namespace vgpu

using namespace vgpu;

VGPU_API cuInit(unsigned) {
    std::lock_guard lock(mutex);
    if (!initialized) {
        for (int index = 0; index < settings().devices; index++)
            all.push_back(new Device(index, usual_memory(index)));
        install_fault_handler();
        atexit(report_leaks);
        initialized = true;
    }
    return all.empty() ? kNoDevice : kSuccess;
}

// For tests: what a device has from now on; 0 is what the environment says.
extern "C" VGPU_EXPORT void vgpu_set_memory(int index, size_t bytes) {
    if (Device* device = device_or_null(index)) device->memory_bytes = bytes ? bytes : usual_memory(index);
}

VGPU_API cuDriverGetVersion(int* version) {
    *version = settings().driver_version;
    return kSuccess;
}

VGPU_API cuDeviceGetCount(int* count) {
    if (!initialized) return kNotInitialized;
    *count = static_cast<int>(all.size());
    return kSuccess;
}

VGPU_API cuDeviceGet(CUdevice* device, int index) {
    Device* found;
    if (CUresult error = find(index, &found)) return error;
    *device = index;
    return kSuccess;
}

VGPU_API cuDeviceGetName(char* name, int size, CUdevice index) {
    Device* device;
    if (CUresult error = find(index, &device)) return error;
    snprintf(name, static_cast<size_t>(size), "Virtual GPU %d (CPU)", index);
    return kSuccess;
}

VGPU_API cuDeviceTotalMem_v2(size_t* bytes, CUdevice index) {
    Device* device;
    if (CUresult error = find(index, &device)) return error;
    *bytes = device->memory_bytes;
    return kSuccess;
}

VGPU_API cuDeviceGetUuid(char* uuid, CUdevice index) {
    memset(uuid, 0, 16);
    memcpy(uuid, "VIRTUAL", 7);
    uuid[15] = static_cast<char>(index);
    return kSuccess;
}

VGPU_API cuDeviceGetPCIBusId(char* text, int size, CUdevice index) {
    snprintf(text, static_cast<size_t>(size), "0000:%02x:00.0", index);
    return kSuccess;
}

VGPU_API cuDeviceGetAttribute(int* value, int attribute, CUdevice index) {
    Device* device;
    if (CUresult error = find(index, &device)) return error;
    if (attribute == 75 || attribute == 76) {  // compute capability, major and minor
        *value = attribute == 75 ? settings().capability / 10 : settings().capability % 10;
        return kSuccess;
    }
    const auto known = attributes().find(attribute);
    *value = known == attributes().end() ? 0 : known->second;
    return kSuccess;
}

VGPU_API cuCtxCreate_v2(Context** context, unsigned, CUdevice index) {
    Device* device;
    if (CUresult error = find(index, &device)) return error;
    if (device->lost) return device->lost;
    if (CUresult error = fault_now("context", device)) return error;
    *context = new Context(device);
    stack.push_back(*context);
    return kSuccess;
}

VGPU_API cuCtxDestroy_v2(Context* context) {
    if (!context) return kInvalidContext;
    destroy_context(context);
    return kSuccess;
}

VGPU_API cuDevicePrimaryCtxRetain(Context** context, CUdevice index) {
    Device* device;
    if (CUresult error = find(index, &device)) return error;
    if (device->lost) return device->lost;
    if (CUresult error = fault_now("context", device)) return error;
    std::lock_guard lock(device->mutex);
    if (!device->primary) device->primary = new Context(device);
    device->primary_references++;
    *context = device->primary;
    return kSuccess;
}

VGPU_API cuDevicePrimaryCtxRelease_v2(CUdevice index) {
    Device* device;
    if (CUresult error = find(index, &device)) return error;
    std::lock_guard lock(device->mutex);
    if (!device->primary) return kInvalidContext;
    if (--device->primary_references == 0) {
        destroy_context(device->primary);
        device->primary = nullptr;
    }
    return kSuccess;
}

VGPU_API cuCtxSetCurrent(Context* context) {
    if (!stack.empty()) stack.pop_back();
    if (context) stack.push_back(context);
    return kSuccess;
}

VGPU_API cuCtxGetCurrent(Context** context) {
    *context = current_context();
    return kSuccess;
}

VGPU_API cuCtxPushCurrent_v2(Context* context) {
    stack.push_back(context);
    return kSuccess;
}

VGPU_API cuCtxPopCurrent_v2(Context** context) {
    if (stack.empty()) return kInvalidContext;
    if (context) *context = stack.back();
    stack.pop_back();
    return kSuccess;
}

VGPU_API cuCtxGetDevice(CUdevice* index) {
    Context* context = current_context();
    if (!context) return kInvalidContext;
    *index = context->device->index;
    return kSuccess;
}

VGPU_API cuCtxSynchronize() {
    Context* context;
    if (CUresult error = usable_context(&context)) return error;
    if (CUresult error = fault_now("sync", context->device)) {
        spoil(context, error);
        return error;
    }
    return wait_for_all(context);
}

VGPU_API cuGetErrorName(CUresult error, const char** name) {
    static thread_local char buffer[32];
    snprintf(buffer, sizeof buffer, "CUDA_ERROR_%d", error);
    *name = buffer;
    return kSuccess;
}

VGPU_API cuGetErrorString(CUresult error, const char** name) { return cuGetErrorName(error, name); }
