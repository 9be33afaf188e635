// Runs the blocks of a host-compiled kernel. Orders of threads: 0 ascending, 1 descending, 2 changing at random from round to
// round; results must not depend on it.
#include <sys/mman.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "device_shim.h"

namespace check {
namespace {

constexpr size_t kStackBytes = 64 << 10;

enum class Wait { kReady, kBlock, kWarp, kDone };

struct Fiber {
    void* stack_pointer;
    char* stack;
    uint3 thread;
    unsigned number;
    Wait wait;
    int site;
    uint64_t given;
    uint64_t got;
    unsigned source;
};

struct Runner {
    Block view{};
    std::vector<Fiber> fibers;
    std::vector<char*> stacks;
    Fiber* running = nullptr;
    void* home = nullptr;
    const Kernel* kernel = nullptr;
    void** parameters = nullptr;
    const char* error = nullptr;
};

Runner& runner() {
    static thread_local Runner one;
    return one;
}

extern "C" void check_switch(void** save, void* to);
asm(R"(
.text
.globl check_switch
.hidden check_switch
.type check_switch,@function
check_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    popq %rcx
    jmpq *%rcx
)");

void leave() {
    Runner& r = runner();
    check_switch(&r.running->stack_pointer, r.home);
}

void entry() {
    Runner& r = runner();
    r.kernel->invoke(r.parameters);
    r.running->wait = Wait::kDone;
    leave();
}

void enter(Runner& r, Fiber& f) {
    r.running = &f;
    r.view.thread = f.thread;
    r.view.lane = f.number & 31;
    f.wait = Wait::kReady;
    check_switch(&r.home, f.stack_pointer);
}

void prepare(Runner& r, unsigned count) {
    while (r.stacks.size() < count) {
        void* memory = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        r.stacks.push_back(static_cast<char*>(memory));
    }
    r.fibers.assign(count, Fiber{});
    for (unsigned n = 0; n < count; n++) {
        Fiber& f = r.fibers[n];
        f.number = n;
        f.thread = {n % r.view.size.x, n / r.view.size.x % r.view.size.y,
                    n / (r.view.size.x * r.view.size.y)};
        f.stack = r.stacks[n];
        void** top = reinterpret_cast<void**>(f.stack + kStackBytes - n % 61 * 64);  // staggered in the cache
        *--top = nullptr;
        *--top = reinterpret_cast<void*>(&entry);
        f.stack_pointer = top - 6;
        f.wait = Wait::kReady;
    }
}

/** Lets a warp go whose lanes all wait at one shuffle. */
bool release_warp(Runner& r, unsigned first, unsigned end) {
    for (unsigned n = first; n < end; n++) {
        if (r.fibers[n].wait != Wait::kWarp || r.fibers[n].site != r.fibers[first].site) {
            return false;
        }
    }
    for (unsigned n = first; n < end; n++) {
        const unsigned from = first + r.fibers[n].source;
        r.fibers[n].got = from < end ? r.fibers[from].given : ~0ull;
    }
    for (unsigned n = first; n < end; n++) {
        r.fibers[n].wait = Wait::kReady;
    }
    return true;
}

unsigned place(int order, unsigned k, unsigned count, unsigned random) {
    return order == 0 ? k : order == 1 ? count - 1 - k : (k + random) % count;
}

const char* run_block(Runner& r, int order) {
    const unsigned count = static_cast<unsigned>(r.fibers.size());
    unsigned random = 12345 + r.view.index.x;
    for (;;) {
        random = random * 1664525 + 1013904223;
        const unsigned warps = (count + 31) / 32;
        for (unsigned w = 0; w < warps; w++) {
            const unsigned first = place(order, w, warps, random >> 8) * 32,
                           end = std::min(first + 32, count);
            do {
                for (unsigned k = 0; k < end - first; k++) {
                    Fiber& f = r.fibers[first + place(order, k, end - first, random >> 12)];
                    if (f.wait == Wait::kReady) {
                        enter(r, f);
                    }
                }
            } while (release_warp(r, first, end));
        }
        unsigned done = 0;
        for (const Fiber& f : r.fibers) {
            done += f.wait == Wait::kDone;
            if (f.wait == Wait::kWarp) {
                return "a shuffle that a part of the warp never reaches";
            }
            if (f.wait == Wait::kBlock && f.site != r.fibers[0].site) {
                return "threads of a block wait at different barriers";
            }
        }
        if (done == count) {
            return nullptr;
        }
        if (done > 0) {
            return "a barrier that a part of the block never reaches";
        }
        for (Fiber& f : r.fibers) {
            f.wait = Wait::kReady;
        }
    }
}

}  // namespace

Block& block() { return runner().view; }

Kernel*& kernels() {
    static Kernel* first = nullptr;
    return first;
}

void wait_for_block(int site) {
    Fiber& f = *runner().running;
    f.wait = Wait::kBlock;
    f.site = site;
    leave();
}

uint64_t exchange(uint64_t value, unsigned source, int site) {
    Fiber& f = *runner().running;
    f.given = value;
    f.source = source;
    f.wait = Wait::kWarp;
    f.site = site;
    leave();
    return f.got;
}

}  // namespace check

/** Returns null, or what went wrong. `parameters` points at one pointer per kernel parameter. */
extern "C" __attribute__((visibility("default"))) const char* check_launch(const char* name,
                                                                           const unsigned* grid,
                                                                           const unsigned* block,
                                                                           size_t shared_bytes,
                                                                           void** parameters, int order) {
    using namespace check;
    const Kernel* kernel = kernels();
    while (kernel && std::strcmp(kernel->name, name) != 0) {
        kernel = kernel->next;
    }
    if (!kernel) {
        return "no kernel of this name";
    }
    const uint64_t blocks = uint64_t(grid[0]) * grid[1] * grid[2];
    std::atomic<uint64_t> next{0};
    std::atomic<const char*> error{nullptr};
    auto work = [&] {
        Runner& r = runner();
        std::vector<unsigned char> dynamic(shared_bytes + 64);
        for (uint64_t n = next++; n < blocks && !error; n = next++) {
            std::fill(dynamic.begin(), dynamic.end(), 0xff);  // NaN: nothing may be read before it is written
            r.kernel = kernel;
            r.parameters = parameters;
            r.view.size = {block[0], block[1], block[2]};
            r.view.grid = {grid[0], grid[1], grid[2]};
            r.view.index = {unsigned(n % grid[0]), unsigned(n / grid[0] % grid[1]),
                            unsigned(n / grid[0] / grid[1])};
            r.view.dynamic_shared =
                reinterpret_cast<void*>((uintptr_t(dynamic.data()) + 63) & ~uintptr_t(63));
            prepare(r, block[0] * block[1] * block[2]);
            const char* failed = run_block(r, order);
            if (failed) {
                error = failed;
            }
        }
        for (char* stack : r.stacks) {
            munmap(stack, kStackBytes);
        }
        r.stacks.clear();
    };
    std::thread second(work);
    work();
    second.join();
    return error;
}
