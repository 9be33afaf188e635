// The block scheduler. The threads of a block are fibers on one operating system thread; a barrier or a warp call
// switches to the next fiber. The order of warps and lanes is free between such calls, as on a GPU, so it is drawn at
// random (VGPU_SCHEDULE): a missing barrier shows up as a wrong result.
#include "block.h"

#include <sys/mman.h>

#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <vector>

#include "settings.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

#ifndef __x86_64__
#error "the fiber switch is x86-64 assembly"
#endif

namespace vgpu {

extern "C" {
VGPU_EXPORT __thread Thread* vgpu_thread;
VGPU_EXPORT __thread Block* vgpu_block;
}

// Saves the callee-saved registers and the stack pointer in *save, then continues at `to`. It ends in pop + jmp:
// a ret would miss the return stack of the processor each time (measured at 2.3 times the cost).
extern "C" void vgpu_switch(void** save, void* to);
asm(R"(
.text
.globl vgpu_switch
.hidden vgpu_switch
.type vgpu_switch,@function
vgpu_switch:
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
.size vgpu_switch, .-vgpu_switch
)");

namespace {

constexpr size_t kStackBytes = 64 << 10;
constexpr size_t kPage = 4096;

class Random {
 public:
    explicit Random(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ull + 0x1234567) {}
    unsigned below(unsigned bound) {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return static_cast<unsigned>((state_ >> 33) % bound);
    }

 private:
    uint64_t state_;
};

// Runs the blocks of one operating system thread, one after the other; keeps stacks and buffers between them.
class BlockRunner {
 public:
    CUresult run(const Launch& launch, const unsigned index[3], std::string* reason);
    void abandon();  // after a bad address: the fibers are given up as they stand
    void leave() { vgpu_switch(&vgpu_thread->stack_pointer, scheduler_); }
    void invoke() { launch_->kernel->invoke(launch_->parameters); }

 private:
    void set_up(const Launch& launch, const unsigned index[3]);
    char* new_stack();
    void resume(Thread& thread);
    unsigned pick_warp();
    void run_lanes(unsigned warp);
    void release_warp(unsigned warp);
    void release_group(unsigned warp, uint32_t waiting);
    bool release_barrier();  // false when the block is done or stuck
    unsigned lanes(unsigned warp) const { return std::min(kWarpSize, block_.size - warp * kWarpSize); }
    unsigned warps() const { return static_cast<unsigned>(warps_.size()); }

    const Launch* launch_ = nullptr;
    Block block_;
    std::vector<Thread> threads_;
    std::vector<Warp> warps_;
    std::vector<unsigned> ready_;  // ready lanes of each warp
    std::vector<char*> free_stacks_;
    std::vector<char> dynamic_shared_;
    void* scheduler_ = nullptr;
    Random random_{1};
    Schedule schedule_ = Schedule::kRandom;
    unsigned last_warp_ = 0;
    const char* problem_ = nullptr;
};

thread_local BlockRunner* runner;

void run_thread() {
    runner->invoke();
    vgpu_thread->state = ThreadState::kDone;
    runner->leave();
    __builtin_trap();
}

char* BlockRunner::new_stack() {
    if (free_stacks_.empty()) {
        // 64 stacks a mapping, an unmapped page below each; tops are staggered so that they do not share cache sets.
        constexpr int kCount = 64;
        void* mapping = mmap(nullptr, kCount * (kStackBytes + kPage), PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (mapping == MAP_FAILED) abort();
        for (int i = kCount - 1; i >= 0; i--) {
            char* low = static_cast<char*>(mapping) + static_cast<size_t>(i) * (kStackBytes + kPage);
            mprotect(low, kPage, PROT_NONE);
            free_stacks_.push_back(low + kPage + kStackBytes - (i * 7 % 63) * 64);
        }
    }
    char* stack = free_stacks_.back();
    free_stacks_.pop_back();
    return stack;
}

void BlockRunner::set_up(const Launch& launch, const unsigned index[3]) {
    launch_ = &launch;
    const unsigned x = launch.block[0], y = launch.block[1], z = launch.block[2];
    block_.index = {index[0], index[1], index[2]};
    block_.threads = dim3(x, y, z);
    block_.grid = dim3(launch.grid[0], launch.grid[1], launch.grid[2]);
    block_.size = x * y * z;
    block_.votes = 0;
    threads_.resize(block_.size);
    warps_.assign((block_.size + kWarpSize - 1) / kWarpSize, Warp{});
    ready_.resize(warps_.size());
    for (unsigned t = 0; t < block_.size; t++) {
        threads_[t] = {{t % x, t / x % y, t / (x * y)}, t, ThreadState::kNew, 0, nullptr, nullptr, nullptr};
    }
    for (unsigned w = 0; w < warps(); w++) ready_[w] = lanes(w);
    dynamic_shared_.assign(launch.dynamic_shared + 256, static_cast<char>(0xFF));
    block_.dynamic_shared = reinterpret_cast<char*>(
        (reinterpret_cast<uintptr_t>(dynamic_shared_.data()) + 127) & ~uintptr_t{127});
    block_.thread = threads_.data();
    block_.warp = warps_.data();
    const SharedMemory fixed = static_shared_memory();
    memset(fixed.start, 0xFF, fixed.bytes);
    random_ = Random(launch.seed * 2654435761u + index[0] * 97 + index[1] * 89 + index[2] * 83 + 1);
    schedule_ = schedule();
    last_warp_ = schedule_ == Schedule::kReverse ? warps() - 1 : 0;
    problem_ = nullptr;
    vgpu_block = &block_;
    runner = this;
}

void BlockRunner::resume(Thread& thread) {
    if (thread.state == ThreadState::kNew) {
        thread.stack = new_stack();
        void** top = reinterpret_cast<void**>(thread.stack);
        *--top = nullptr;  // what run_thread would return to; keeps its stack aligned
        *--top = reinterpret_cast<void*>(&run_thread);
        for (int saved = 0; saved < 6; saved++) *--top = nullptr;
        thread.stack_pointer = top;
    }
    thread.state = ThreadState::kReady;
    vgpu_thread = &thread;
    vgpu_switch(&scheduler_, thread.stack_pointer);
    if (thread.state == ThreadState::kDone) {
        free_stacks_.push_back(thread.stack);
        thread.stack = nullptr;
    }
}

// A warp with ready lanes, or warps() if there is none.
unsigned BlockRunner::pick_warp() {
    const bool random = schedule_ == Schedule::kRandom;
    const unsigned count = warps();
    const unsigned start = random ? random_.below(count) : last_warp_;
    const unsigned step = schedule_ == Schedule::kReverse ? count - 1 : 1;
    for (unsigned i = 0, w = start; i < count; i++, w = (w + step) % count) {
        if (ready_[w]) return last_warp_ = w;
    }
    return count;
}

// Lets each ready lane of the warp run to its next barrier, warp call or end.
void BlockRunner::run_lanes(unsigned warp) {
    const unsigned count = lanes(warp);
    const bool random = schedule_ == Schedule::kRandom;
    const bool backwards = random ? random_.below(2) : schedule_ == Schedule::kReverse;
    const unsigned rotation = random ? random_.below(count) : 0;
    Thread* first = &threads_[warp * kWarpSize];
    for (unsigned i = 0; i < count; i++) {
        const unsigned turned = (i + rotation) % count;
        const unsigned after = (turned + 2) % count;  // its stack comes into the cache meanwhile
        __builtin_prefetch(first[backwards ? count - 1 - after : after].stack_pointer);
        Thread& thread = first[backwards ? count - 1 - turned : turned];
        if (thread.state <= ThreadState::kReady) resume(thread);
    }
    ready_[warp] = 0;
}

// Lets go the lanes of a warp call whose whole mask has arrived (lanes that have ended count as arrived).
void BlockRunner::release_warp(unsigned warp) {
    const Thread* first = &threads_[warp * kWarpSize];
    uint32_t waiting = 0, gone = lanes(warp) == 32 ? 0 : ~0u << lanes(warp);
    for (unsigned l = 0; l < lanes(warp); l++) {
        if (first[l].state == ThreadState::kAtWarpCall) waiting |= 1u << l;
        if (first[l].state == ThreadState::kDone) gone |= 1u << l;
    }
    while (waiting) {
        const Thread& leader = first[__builtin_ctz(waiting)];
        uint32_t arrived = 0;
        bool same_place = true;
        for (uint32_t rest = waiting; rest; rest &= rest - 1) {
            const unsigned l = static_cast<unsigned>(__builtin_ctz(rest));
            if (first[l].mask != leader.mask) continue;
            arrived |= 1u << l;
            same_place &= first[l].place == leader.place;
        }
        if (!same_place) problem_ = "lanes of one mask wait in different warp calls";
        if (arrived & ~leader.mask) problem_ = "a lane is not in the mask of its own warp call";
        if (problem_) return;
        if ((leader.mask & ~(arrived | gone)) == 0) release_group(warp, arrived);
        waiting &= ~arrived;
    }
}

void BlockRunner::release_group(unsigned warp, uint32_t arrived) {
    Warp& w = warps_[warp];
    w.votes_taken = w.votes;
    memcpy(w.taken, w.given, sizeof w.taken);  // a lane outside the group has nothing to take
    for (uint32_t rest = arrived; rest; rest &= rest - 1) {
        threads_[warp * kWarpSize + static_cast<unsigned>(__builtin_ctz(rest))].state = ThreadState::kReady;
    }
    ready_[warp] += static_cast<unsigned>(__builtin_popcount(arrived));
}

bool BlockRunner::release_barrier() {
    unsigned done = 0, waiting = 0;
    const void* place = nullptr;
    for (const Thread& thread : threads_) {
        if (thread.state == ThreadState::kDone) {
            done++;
        } else if (thread.state == ThreadState::kAtBarrier) {
            if (waiting++ && place != thread.place)
                problem_ = "threads of a block wait at different barriers";
            place = thread.place;
        } else {
            problem_ = "deadlock: a warp call whose mask never arrives";
        }
    }
    if (!problem_ && waiting && done) problem_ = "only a part of the block reaches a barrier";
    if (problem_ || done == block_.size) return false;
    block_.votes_taken = block_.votes;
    block_.votes = 0;
    for (Thread& thread : threads_) thread.state = ThreadState::kReady;
    for (unsigned w = 0; w < warps(); w++) ready_[w] = lanes(w);
    return true;
}

void BlockRunner::abandon() {
    for (Thread& thread : threads_) {
        if (!thread.stack) continue;
#ifdef __SANITIZE_ADDRESS__
        __asan_unpoison_memory_region(thread.stack - kStackBytes + kPage,
                                      kStackBytes - kPage);  // frames never left
#endif
        free_stacks_.push_back(thread.stack);
        thread.stack = nullptr;
    }
}

CUresult BlockRunner::run(const Launch& launch, const unsigned index[3], std::string* reason) {
    set_up(launch, index);
    do {
        for (unsigned w = pick_warp(); w < warps() && !problem_; w = pick_warp()) {
            run_lanes(w);
            release_warp(w);
        }
    } while (!problem_ && release_barrier());
    if (!problem_) return kSuccess;
    *reason = problem_;
    abandon();
    return kLaunchFailed;
}

// ---- bad addresses

thread_local sigjmp_buf escape;
thread_local volatile bool may_escape = false;
thread_local void* bad_address;
struct sigaction previous_segv, previous_bus;

void on_bad_address(int signal, siginfo_t* info, void* machine) {
    if (may_escape) {
        may_escape = false;
        bad_address = info->si_addr;
        siglongjmp(escape, 1);
    }
    const struct sigaction& previous = signal == SIGSEGV ? previous_segv : previous_bus;
    if (previous.sa_flags & SA_SIGINFO) {
        previous.sa_sigaction(signal, info, machine);
    } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
        previous.sa_handler(signal);
    } else {
        ::signal(signal, SIG_DFL);
    }
}

}  // namespace

void install_fault_handler() {
    struct sigaction action{};
    action.sa_sigaction = on_bad_address;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &previous_segv);
    sigaction(SIGBUS, &action, &previous_bus);
}

// The handler needs a stack of its own: a fiber may have overrun its.
void prepare_thread_for_kernels() {
    constexpr size_t kBytes = 64 << 10;
    stack_t stack{};
    stack.ss_size = kBytes;
    stack.ss_sp = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sigaltstack(&stack, nullptr);
}

CUresult run_block(const Launch& launch, const unsigned index[3], std::string* reason) {
    static thread_local BlockRunner mine;
    if (sigsetjmp(escape, 1)) {
        mine.abandon();
        *reason = text("illegal address %p", bad_address);
        return kIllegalAddress;
    }
    may_escape = true;
    const CUresult result = mine.run(launch, index, reason);
    may_escape = false;
    return result;
}

}  // namespace vgpu

using namespace vgpu;

extern "C" VGPU_EXPORT void vgpu_wait_block(const void* place) {
    vgpu_thread->state = ThreadState::kAtBarrier;
    vgpu_thread->place = place;
    runner->leave();
}

extern "C" VGPU_EXPORT void vgpu_wait_warp(uint32_t mask, const void* place) {
    vgpu_thread->state = ThreadState::kAtWarpCall;
    vgpu_thread->mask = mask;
    vgpu_thread->place = place;
    runner->leave();
}
