// Modules. The image is read for the kernels it holds; what runs is their host build. PTX is compared with the host
// build entry by entry, machine code (cubin) by the kernels' names, fatbins not at all.
#include <elf.h>

#include <cctype>
#include <cstring>
#include <sstream>

#include "faults.h"
#include "objects.h"
#include "settings.h"

namespace vgpu {
namespace {

constexpr uint32_t kFatbinMagic = 0xBA55ED50;

struct Entry {
    std::string name;
    std::vector<size_t> sizes;  // of the parameters; empty with `sizes_known` false for a cubin
    bool sizes_known;
};

size_t bytes_of_type(const std::string& declaration) {
    for (const char* kind : {".u", ".s", ".f", ".b"}) {
        for (const auto& [word, bytes] : {std::pair{"64", 8}, {"32", 4}, {"16", 2}, {"8", 1}}) {
            if (declaration.find(std::string(kind) + word) != std::string::npos)
                return static_cast<size_t>(bytes);
        }
    }
    return 0;
}

// ".param .u64 .ptr name" or ".param .align 8 .b8 name[24]"
size_t bytes_of_parameter(const std::string& declaration) {
    const auto bracket = declaration.find('[');
    const size_t count =
        bracket == std::string::npos ? 1 : strtoull(declaration.c_str() + bracket + 1, nullptr, 10);
    return bytes_of_type(declaration) * count;
}

std::vector<Entry> entries_of_ptx(const std::string& ptx) {
    std::vector<Entry> entries;
    for (size_t at = ptx.find(".entry "); at != std::string::npos; at = ptx.find(".entry ", at + 1)) {
        const size_t name_start = at + 7, name_end = ptx.find_first_of(" \t\n(", name_start);
        Entry entry{ptx.substr(name_start, name_end - name_start), {}, true};
        const size_t open = ptx.find('(', name_end), close = ptx.find(')', open);
        std::stringstream parameters(ptx.substr(open + 1, close - open - 1));
        std::string declaration;
        while (std::getline(parameters, declaration, ',')) {
            if (declaration.find(".param") != std::string::npos)
                entry.sizes.push_back(bytes_of_parameter(declaration));
        }
        entries.push_back(entry);
    }
    return entries;
}

// The kernels of a cubin are its sections .text.NAME.
std::vector<Entry> entries_of_cubin(const char* image) {
    const auto* header = reinterpret_cast<const Elf64_Ehdr*>(image);
    const auto* sections = reinterpret_cast<const Elf64_Shdr*>(image + header->e_shoff);
    const char* names = image + sections[header->e_shstrndx].sh_offset;
    std::vector<Entry> entries;
    for (int s = 0; s < header->e_shnum; s++) {
        const char* name = names + sections[s].sh_name;
        if (!strncmp(name, ".text.", 6)) entries.push_back({name + 6, {}, false});
    }
    return entries;
}

std::vector<Entry> entries_of_host_build() {
    std::vector<Entry> entries;
    for (const HostKernel* kernel : all_host_kernels()) entries.push_back({kernel->name, {}, false});
    return entries;
}

// "8.5" as 85; 0 where `word` is not followed by a number
int number_after(const std::string& ptx, const std::string& word) {
    const size_t at = ptx.find(word);
    if (at == std::string::npos) return 0;
    int digits = 0;
    for (size_t i = at + word.size(); i < ptx.size() && (isdigit(ptx[i]) || ptx[i] == '.'); i++) {
        if (ptx[i] != '.') digits = 10 * digits + (ptx[i] - '0');
    }
    return digits;
}

// The newest PTX that a driver understands: CUDA 12.0 to 12.4 came with PTX 8.0 to 8.4, 12.6 with 8.5, 12.9 with 8.8,
// 13.0 with 9.0.
int newest_ptx() {
    const int major = settings().driver_version / 1000, minor = settings().driver_version % 1000 / 10;
    if (major >= 13) return 90 + (major - 13) * 10 + minor;
    return major == 12 ? 80 + (minor >= 6 ? minor - 1 : minor) : 78;
}

CUresult check_ptx(const std::string& ptx) {
    const int version = number_after(ptx, ".version "), target = number_after(ptx, ".target sm_");
    if (!version) return kInvalidImage;
    if (version > newest_ptx()) return kUnsupportedPtxVersion;
    return target > settings().capability ? kNoBinaryForGpu : kSuccess;
}

bool same_parameters(const Entry& entry, const HostKernel& kernel) {
    if (!entry.sizes_known) return true;
    const std::vector<size_t> host(kernel.sizes, kernel.sizes + kernel.parameters);
    return host == entry.sizes;
}

CUresult entries_of(const char* image, std::vector<Entry>* entries) {
    uint32_t magic;
    memcpy(&magic, image, sizeof magic);
    if (magic == kFatbinMagic) {
        *entries = entries_of_host_build();
    } else if (!strncmp(image, ELFMAG, SELFMAG)) {
        *entries = entries_of_cubin(image);
    } else {
        const std::string ptx(image);
        if (CUresult error = check_ptx(ptx)) return error;
        *entries = entries_of_ptx(ptx);
    }
    return kSuccess;
}

CUresult load(Module** out, const char* image) {
    Context* context;
    if (CUresult error = usable_context(&context)) return error;
    if (CUresult error = fault_now("load", context->device)) {
        spoil(context, error);
        return error;
    }
    std::vector<Entry> entries;
    if (CUresult error = entries_of(image, &entries)) return error;
    auto module = std::make_unique<Module>();
    module->context = context;
    for (const Entry& entry : entries) {
        const HostKernel* kernel = find_host_kernel(entry.name);
        if (!kernel || !same_parameters(entry, *kernel)) {
            say("the image's kernel " + entry.name +
                (kernel ? " has other parameters than its host build" : " has no host build"));
            return kInvalidPtx;
        }
        module->functions[entry.name] = std::make_unique<Function>(Function{kernel});
    }
    *out = module.release();
    return kSuccess;
}

}  // namespace
}  // namespace vgpu

using namespace vgpu;

VGPU_API cuModuleLoadData(Module** module, const void* image) {
    return load(module, static_cast<const char*>(image));
}

VGPU_API cuModuleLoadDataEx(Module** module, const void* image, unsigned, int*, void**) {
    return load(module, static_cast<const char*>(image));
}

VGPU_API cuModuleUnload(Module* module) {
    if (!module) return kInvalidHandle;
    wait_for_all(module->context);
    delete module;
    return kSuccess;
}

VGPU_API cuModuleGetFunction(Function** function, Module* module, const char* name) {
    Context* context;
    if (CUresult error = usable_context(&context)) return error;
    const auto found = module->functions.find(name);
    if (found == module->functions.end()) return kNotFound;
    *function = found->second.get();
    return kSuccess;
}
