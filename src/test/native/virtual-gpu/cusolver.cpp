// libcusolver.so.11: the 64-bit Cholesky and eigenvalue calls for doubles in lower storage, ordered on the virtual GPU's streams.
#include <functional>

#include "dense.h"
#include "library_support.h"

namespace {

enum Status { kOk = 0, kAllocFailed = 2, kInvalidArgument = 3, kExecutionFailed = 6, kUnsupported = 9 };
constexpr int kLower = 0;    // CUBLAS_FILL_MODE_LOWER
constexpr int kDoubles = 1;  // CUDA_R_64F
constexpr int kVectors = 1;  // CUSOLVER_EIG_MODE_VECTOR
constexpr size_t kHostWorkspace = 4096;

struct Handle {
    void* stream = nullptr;
};

size_t matrix_bytes(int64_t rows, int64_t columns, int64_t stride) {
    return sizeof(double) * static_cast<size_t>((columns - 1) * stride + rows);
}

size_t device_workspace(int64_t n) { return static_cast<size_t>(n) * 32 * sizeof(double); }

size_t eigen_workspace(int64_t n) { return (static_cast<size_t>(n) * 2 + 32) * n * sizeof(double); }

int enqueue(Handle* handle, std::function<void()> work) {
    auto* boxed = new std::function<void()>(std::move(work));
    const auto run = [](void* data) -> CUresult {
        auto* function = static_cast<std::function<void()>*>(data);
        (*function)();
        delete function;
        return vgpu::kSuccess;
    };
    const CUresult result = vgpu_enqueue(handle->stream, "solver", run, boxed);
    if (result == vgpu::kSuccess) return kOk;
    delete boxed;
    return result == vgpu::kOutOfMemory ? kAllocFailed : kExecutionFailed;
}

}  // namespace

extern "C" {

VGPU_EXPORT int cusolverDnCreate(Handle** handle) {
    if (vgpu_fault("solver_create")) return kAllocFailed;
    *handle = new Handle;
    return kOk;
}

VGPU_EXPORT int cusolverDnDestroy(Handle* handle) {
    delete handle;
    return kOk;
}

VGPU_EXPORT int cusolverDnSetStream(Handle* handle, void* stream) {
    handle->stream = stream;
    return kOk;
}

VGPU_EXPORT int cusolverDnCreateParams(void** parameters) {
    *parameters = new int;
    return kOk;
}

VGPU_EXPORT int cusolverDnDestroyParams(void* parameters) {
    delete static_cast<int*>(parameters);
    return kOk;
}

VGPU_EXPORT int cusolverDnXpotrf_bufferSize(Handle* handle, void*, int uplo, int64_t n, int type, const void*,
                                            int64_t, int compute, size_t* on_device, size_t* on_host) {
    if (!handle || uplo != kLower || type != kDoubles || compute != kDoubles) return kUnsupported;
    *on_device = device_workspace(n);
    *on_host = kHostWorkspace;
    return kOk;
}

VGPU_EXPORT int cusolverDnXpotrf(Handle* handle, void*, int uplo, int64_t n, int type, void* a,
                                 int64_t stride, int compute, void* workspace, size_t workspace_bytes,
                                 void* host_workspace, size_t host_bytes, int* info) {
    if (uplo != kLower || type != kDoubles || compute != kDoubles) return kUnsupported;
    // cuSOLVER copies through the host workspace asynchronously: memory that is not pinned has crashed the JVM.
    if (!vgpu_is_device_memory(a, matrix_bytes(n, n, stride)) || !vgpu_is_device_memory(info, sizeof(int)) ||
        workspace_bytes < device_workspace(n) || !vgpu_is_device_memory(workspace, workspace_bytes) ||
        host_bytes < kHostWorkspace || !vgpu_is_pinned_memory(host_workspace, host_bytes)) {
        return kInvalidArgument;
    }
    return enqueue(handle,
                   [=] { *info = static_cast<int>(vgpu::cholesky(n, static_cast<double*>(a), stride)); });
}

VGPU_EXPORT int cusolverDnXpotrs(Handle* handle, void*, int uplo, int64_t n, int64_t columns, int type,
                                 const void* a, int64_t a_stride, int b_type, void* b, int64_t b_stride,
                                 int* info) {
    if (uplo != kLower || type != kDoubles || b_type != kDoubles) return kUnsupported;
    if (!vgpu_is_device_memory(a, matrix_bytes(n, n, a_stride)) ||
        !vgpu_is_device_memory(info, sizeof(int)) ||
        !vgpu_is_device_memory(b, matrix_bytes(n, columns, b_stride))) {
        return kInvalidArgument;
    }
    return enqueue(handle, [=] {
        vgpu::cholesky_solve(n, columns, static_cast<const double*>(a), a_stride, static_cast<double*>(b),
                             b_stride);
        *info = 0;
    });
}

VGPU_EXPORT int cusolverDnXsyevd_bufferSize(Handle* handle, void*, int vectors, int uplo, int64_t n, int type,
                                            const void*, int64_t, int values_type, const void*, int compute,
                                            size_t* on_device, size_t* on_host) {
    if (!handle || vectors != kVectors || uplo != kLower || type != kDoubles || values_type != kDoubles ||
        compute != kDoubles) {
        return kUnsupported;
    }
    *on_device = eigen_workspace(n);
    *on_host = kHostWorkspace;
    return kOk;
}

VGPU_EXPORT int cusolverDnXsyevd(Handle* handle, void*, int vectors, int uplo, int64_t n, int type, void* a,
                                 int64_t stride, int values_type, void* values, int compute, void* workspace,
                                 size_t workspace_bytes, void* host_workspace, size_t host_bytes, int* info) {
    if (vectors != kVectors || uplo != kLower || type != kDoubles || values_type != kDoubles ||
        compute != kDoubles) {
        return kUnsupported;
    }
    if (!vgpu_is_device_memory(a, matrix_bytes(n, n, stride)) ||
        !vgpu_is_device_memory(values, static_cast<size_t>(n) * sizeof(double)) ||
        !vgpu_is_device_memory(info, sizeof(int)) || workspace_bytes < eigen_workspace(n) ||
        !vgpu_is_device_memory(workspace, workspace_bytes) || host_bytes < kHostWorkspace ||
        !vgpu_is_pinned_memory(host_workspace, host_bytes)) {
        return kInvalidArgument;
    }
    return enqueue(handle, [=] {
        const bool done = vgpu::eigen(n, static_cast<double*>(a), stride, static_cast<double*>(values));
        *info = done ? 0 : 1;
    });
}
}
