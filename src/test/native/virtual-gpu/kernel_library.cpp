// The host-compiled kernels: opens their library on first use and finds where it keeps __shared__ variables.
#include <dlfcn.h>
#include <link.h>

#include "block.h"
#include "objects.h"
#include "settings.h"

namespace vgpu {
namespace {

struct Library {
    KernelTable table{0, nullptr, nullptr};
    Library() {
        void* handle = dlopen(settings().kernels.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (!handle) {
            say(std::string("no host-compiled kernels: ") + dlerror());
            return;
        }
        if (auto function = reinterpret_cast<KernelTableFunction>(dlsym(handle, "vgpu_kernel_table")))
            table = function();
    }
};

const Library& library() {
    static const Library& once = *new Library;
    return once;
}

int find_thread_storage(dl_phdr_info* info, size_t, void* result) {
    const auto address = reinterpret_cast<uintptr_t>(library().table.make_shared_memory);
    const ElfW(Phdr)* storage = nullptr;
    bool ours = false;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr)& header = info->dlpi_phdr[i];
        const uintptr_t start = info->dlpi_addr + header.p_vaddr;
        if (header.p_type == PT_LOAD && address >= start && address < start + header.p_memsz) ours = true;
        if (header.p_type == PT_TLS) storage = &header;
    }
    if (!ours) return 0;
    if (storage && info->dlpi_tls_data) {
        *static_cast<SharedMemory*>(result) = {static_cast<char*>(info->dlpi_tls_data), storage->p_memsz};
    }
    return 1;
}

}  // namespace

const HostKernel* find_host_kernel(const std::string& name) {
    for (const HostKernel* kernel : all_host_kernels()) {
        if (name == kernel->name) return kernel;
    }
    return nullptr;
}

std::vector<const HostKernel*> all_host_kernels() {
    const KernelTable& table = library().table;
    return {table.kernels, table.kernels + table.count};
}

// The kernel library holds nothing but kernels, so its thread storage is their static __shared__ memory.
SharedMemory static_shared_memory() {
    static thread_local SharedMemory mine{nullptr, 0};
    if (!mine.start) {
        library().table.make_shared_memory();
        dl_iterate_phdr(find_thread_storage, &mine);
    }
    return mine;
}

}  // namespace vgpu
