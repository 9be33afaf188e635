// Linked into the kernel library: gathers what EXPORT_KERNEL registered. No thread storage here that matters: the
// driver takes all of this library's for the kernels' __shared__ variables and poisons it.
#include "device_shim.h"

namespace vgpu {

std::vector<const HostKernel*>& kernel_list() {
    static auto& list = *new std::vector<const HostKernel*>;
    return list;
}

static int pending_bound = 0;

int set_bound(int threads, int, int) { return pending_bound = threads; }

int take_bound() { return std::exchange(pending_bound, 0); }

static thread_local volatile char anchor;

static void make_shared_memory() { anchor = 0; }

extern "C" __attribute__((visibility("default"))) KernelTable vgpu_kernel_table() {
    return {static_cast<int>(kernel_list().size()), kernel_list().data(), &make_shared_memory};
}

}  // namespace vgpu
