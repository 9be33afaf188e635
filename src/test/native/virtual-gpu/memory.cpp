// Allocation: fresh memory is NaN (all bits set), it ends at unmapped pages, and the bytes between its end and those
// pages, and before its start, hold a pattern that is looked at after every launch.
#include "memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

#include "faults.h"
#include "settings.h"

namespace vgpu {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kGuard = 4 << 20;  // unmapped on both sides: address space costs nothing
constexpr size_t kAlignment = 256;  // of cuMemAlloc
constexpr unsigned char kPoison = 0xFF;

struct Allocation {
    size_t bytes;
    char* mapping;  // null: registered, somebody else's memory
    size_t mapped;
    int device;
    Context* context;

    char* usable_end() const { return mapping + mapped - kGuard; }
};

std::mutex& mutex = *new std::mutex;
std::map<uint64_t, Allocation>& allocations = *new std::map<uint64_t, Allocation>;

size_t round_up(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

// Under AddressSanitizer the bytes around an allocation are its: it stops reads as well, at the instruction.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
inline void __asan_poison_memory_region(void const volatile*, size_t) {}
inline void __asan_unpoison_memory_region(void const volatile*, size_t) {}
#endif

bool all_poison(const char* begin, const char* end) {
    for (const char* p = begin; p < end; p++) {
        if (static_cast<unsigned char>(*p) != kPoison) return false;
    }
    return true;
}

bool guard_is_whole(uint64_t start, const Allocation& a) {
    const char* first = reinterpret_cast<const char*>(start);
    return kSanitized ||
           (all_poison(a.mapping + kGuard, first) && all_poison(first + a.bytes, a.usable_end()));
}

// A file in memory that holds poison. Fresh memory is a private mapping of it, again and again: a page is copied when it
// is first written, so that memory nobody touches costs nothing (backends take most of a device at once; filling it
// took 60 s of the 230 s that the tests on virtual GPUs took).
constexpr size_t kPoisonFile = 16 << 20;

int poison_file() {
    static const int file = [] {
        const int fresh = memfd_create("poison", MFD_CLOEXEC);
        if (fresh < 0 || ftruncate(fresh, kPoisonFile)) abort();
        void* bytes = mmap(nullptr, kPoisonFile, PROT_READ | PROT_WRITE, MAP_SHARED, fresh, 0);
        if (bytes == MAP_FAILED) abort();
        memset(bytes, kPoison, kPoisonFile);
        munmap(bytes, kPoisonFile);
        return fresh;
    }();
    return file;
}

bool map_poison(char* first_page, size_t bytes) {
    for (size_t done = 0; done < bytes; done += kPoisonFile) {
        const void* mapping =
            mmap(first_page + done, std::min(kPoisonFile, bytes - done), PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, poison_file(), 0);
        if (mapping == MAP_FAILED) return false;
    }
    return true;
}

// Maps bytes between two unmapped zones; returns the start, or 0 where the machine has none left.
uint64_t map_between_guards(size_t bytes, Allocation* allocation) {
    const size_t body = round_up(bytes, kAlignment), pages = round_up(body, kPage);
    const size_t mapped = pages + 2 * kGuard;
    void* mapping = mmap(nullptr, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED) return 0;
    char* first_page = static_cast<char*>(mapping) + kGuard;
    if (!map_poison(first_page, pages)) {
        munmap(mapping, mapped);
        return 0;
    }
    allocation->bytes = bytes;
    allocation->mapping = static_cast<char*>(mapping);
    allocation->mapped = mapped;
    char* start = first_page + pages - body;
    __asan_poison_memory_region(first_page, static_cast<size_t>(start - first_page));
    __asan_poison_memory_region(start + bytes, body - bytes);
    return reinterpret_cast<uint64_t>(start);
}

// Caller holds the mutex. The allocation that `address` lies in, or end().
auto containing(uint64_t address) {
    auto after = allocations.upper_bound(address);
    if (after == allocations.begin()) return allocations.end();
    auto it = std::prev(after);
    return address < it->first + it->second.bytes ? it : allocations.end();
}

bool inside(uint64_t start, size_t bytes, int device) {
    std::lock_guard lock(mutex);
    const auto it = containing(start);
    return it != allocations.end() && it->second.device == device &&
           start + bytes <= it->first + it->second.bytes;
}

CUresult allocate(Context* context, int device, const char* kind, size_t bytes, uint64_t* start) {
    if (!bytes) return kInvalidValue;
    if (CUresult error = fault_now(kind, context->device)) {
        spoil(context, error);
        return error;
    }
    std::lock_guard lock(mutex);
    const bool on_device = device != kHostMemory;
    if (on_device && context->device->used + bytes > context->device->memory_bytes) return kOutOfMemory;
    Allocation allocation{0, nullptr, 0, device, context};
    const uint64_t address = map_between_guards(bytes, &allocation);
    if (!address) return kOutOfMemory;
    allocations[address] = allocation;
    if (on_device) context->device->used += bytes;
    *start = address;
    return kSuccess;
}

// Caller holds the mutex.
void unmap(std::map<uint64_t, Allocation>::iterator it) {
    if (it->second.device != kHostMemory) device_or_null(it->second.device)->used -= it->second.bytes;
    const Allocation& a = it->second;
    if (a.mapping) {
        __asan_unpoison_memory_region(a.mapping + kGuard, a.mapped - 2 * kGuard);
        munmap(a.mapping, a.mapped);
    }
    allocations.erase(it);
}

CUresult release(Context* context, uint64_t start, int device, const char* call) {
    CUresult damage = kSuccess;
    {
        std::lock_guard lock(mutex);
        const auto it = allocations.find(start);
        if (it == allocations.end() || it->second.device != device || !it->second.mapping) {
            say(text("%s: 0x%lx is not the start of a live allocation", call,
                     static_cast<unsigned long>(start)));
            return kInvalidValue;
        }
        if (!guard_is_whole(start, it->second)) damage = kIllegalAddress;
        if (damage)
            say(text("%s: something wrote outside the allocation of %zu bytes", call, it->second.bytes));
        unmap(it);
    }
    spoil(context, damage);
    return damage;
}

}  // namespace

bool is_device_memory(uint64_t start, size_t bytes, int device) { return inside(start, bytes, device); }

bool is_pinned(const void* start, size_t bytes) {
    return inside(reinterpret_cast<uint64_t>(start), bytes, kHostMemory);
}

bool is_reachable(uint64_t pointer, int device) {
    return pointer == 0 || inside(pointer, 1, device) || inside(pointer, 1, kHostMemory);
}

bool guards_are_whole(int device, const std::string& after) {
    std::lock_guard lock(mutex);
    for (const auto& [start, allocation] : allocations) {
        if (allocation.device != device || guard_is_whole(start, allocation)) continue;
        say(after + text(": wrote outside an allocation of %zu bytes", allocation.bytes));
        return false;
    }
    return true;
}

size_t leaked_bytes(int device) {
    std::lock_guard lock(mutex);
    size_t bytes = 0;
    for (const auto& [start, allocation] : allocations) {
        if (allocation.device == device) bytes += allocation.bytes;
    }
    return bytes;
}

void free_memory_of(Context* context) {
    std::lock_guard lock(mutex);
    for (auto it = allocations.begin(); it != allocations.end();) {
        const auto next = std::next(it);
        if (it->second.context == context && it->second.device != kHostMemory) unmap(it);
        it = next;
    }
}

extern "C" VGPU_EXPORT size_t vgpu_live_bytes(int device) { return leaked_bytes(device); }

}  // namespace vgpu

using namespace vgpu;

VGPU_API cuMemAlloc_v2(CUdeviceptr* start, size_t bytes) {
    Context* context;
    if (CUresult error = usable_context(&context)) return error;
    uint64_t address = 0;
    const CUresult result = allocate(context, context->device->index, "alloc", bytes, &address);
    *start = address;
    return result;
}

VGPU_API cuMemFree_v2(CUdeviceptr start) {
    Context* context = current_context();  // memory can be freed after an error, too
    if (!context) return kInvalidContext;
    if (!start) return kSuccess;
    wait_for_all(context);
    return release(context, start, context->device->index, "cuMemFree");
}

VGPU_API cuMemGetInfo_v2(size_t* free, size_t* total) {
    Context* context;
    if (CUresult error = usable_context(&context)) return error;
    *total = context->device->memory_bytes;
    *free = *total - std::min<size_t>(*total, context->device->used);
    return kSuccess;
}

VGPU_API cuMemHostAlloc(void** start, size_t bytes, unsigned) {
    Context* context;
    if (CUresult error = usable_context(&context)) return error;
    uint64_t address = 0;
    const CUresult result = allocate(context, kHostMemory, "host", bytes, &address);
    *start = reinterpret_cast<void*>(address);
    return result;
}

VGPU_API cuMemFreeHost(void* start) {
    Context* context = current_context();
    if (!context) return kInvalidContext;
    wait_for_all(context);
    return release(context, reinterpret_cast<uint64_t>(start), kHostMemory, "cuMemFreeHost");
}

VGPU_API cuMemHostRegister_v2(void* start, size_t bytes, unsigned) {
    Context* context;
    if (CUresult error = usable_context(&context)) return error;
    if (CUresult error = fault_now("host", context->device)) return error;
    std::lock_guard lock(mutex);
    allocations[reinterpret_cast<uint64_t>(start)] = {bytes, nullptr, 0, kHostMemory, context};
    return kSuccess;
}

VGPU_API cuMemHostUnregister(void* start) {
    Context* context = current_context();
    if (!context) return kInvalidContext;
    wait_for_all(context);
    std::lock_guard lock(mutex);
    const auto it = allocations.find(reinterpret_cast<uint64_t>(start));
    if (it == allocations.end() || it->second.mapping) return kInvalidValue;
    allocations.erase(it);
    return kSuccess;
}
