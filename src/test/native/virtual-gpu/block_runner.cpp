#include "block_runner.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

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

BlockRunner* runner() { return static_cast<BlockRunner*>(vgpu_block); }

void run_thread() {
    runner()->invoke();
    runner()->end();
    __builtin_trap();
}

}  // namespace

// Threads of a block find the stacks that those of the blocks before have left.
void BlockRunner::make_threads() {
    // 64 stacks a mapping, an unmapped page below each; tops are staggered so that they do not share cache sets.
    constexpr unsigned kCount = 64;
    while (threads_.size() < size) {
        void* mapping = mmap(nullptr, kCount * (kStackBytes + kPage), PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (mapping == MAP_FAILED) abort();
        for (unsigned i = 0; i < kCount; i++) {
            char* low = static_cast<char*>(mapping) + i * (kStackBytes + kPage);
            mprotect(low, kPage, PROT_NONE);
            Thread thread{};
            thread.linear = static_cast<unsigned>(threads_.size());
            thread.stack = low + kPage + kStackBytes - (i * 7 % 63) * 64;
            threads_.push_back(thread);
        }
    }
    unsigned t = 0;
    for (unsigned z = 0; z < threads.z; z++) {
        for (unsigned y = 0; y < threads.y; y++) {
            for (unsigned x = 0; x < threads.x; x++) {
                Thread& thread = threads_[t++];
                thread.index = {x, y, z};
                void** top = reinterpret_cast<void**>(thread.stack);
                *--top = nullptr;  // what run_thread would return to; keeps its stack aligned
                *--top = reinterpret_cast<void*>(&run_thread);
                for (int saved = 0; saved < 6; saved++) *--top = nullptr;
                thread.stack_pointer = top;
            }
        }
    }
}

void BlockRunner::set_up(const Launch& launch, const unsigned at[3]) {
    launch_ = &launch;
    index = {at[0], at[1], at[2]};
    threads = dim3(launch.block[0], launch.block[1], launch.block[2]);
    grid = dim3(launch.grid[0], launch.grid[1], launch.grid[2]);
    size = threads.x * threads.y * threads.z;
    votes = 0;
    make_threads();
    warps_.assign((size + kWarpSize - 1) / kWarpSize, Warp{});
    warp = warps_.data();
    for (unsigned w = 0; w < warps(); w++) warps_[w].ready = ~0u >> (kWarpSize - lanes(w));
    dynamic_shared_.assign(launch.dynamic_shared + 256, static_cast<char>(0xFF));
    dynamic_shared = reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(dynamic_shared_.data()) + 127) &
                                             ~uintptr_t{127});
    const SharedMemory fixed = static_shared_memory();
    memset(fixed.start, 0xFF, fixed.bytes);
    random_ = Random(launch.seed * 2654435761u + at[0] * 97 + at[1] * 89 + at[2] * 83 + 1);
    schedule_ = schedule();
    last_warp_ = schedule_ == Schedule::kReverse ? warps() - 1 : 0;
    barrier_ = nullptr;
    problem_ = nullptr;
    vgpu_block = this;
}

// A warp with ready lanes, or warps() if there is none.
unsigned BlockRunner::pick_warp() {
    const unsigned count = warps();
    unsigned w = schedule_ == Schedule::kRandom ? random_.below(count) : last_warp_;
    for (unsigned i = 0; i < count; i++) {
        if (warps_[w].ready) return last_warp_ = w;
        if (schedule_ == Schedule::kReverse) {
            w = (w ? w : count) - 1;
        } else if (++w == count) {
            w = 0;
        }
    }
    return count;
}

// Lets each ready lane of the warp run to its next barrier, warp call or end.
void BlockRunner::run_lanes(unsigned number) {
    running_ = &warps_[number];
    running_lanes_ = &threads_[number * kWarpSize];
    const bool random = schedule_ == Schedule::kRandom;
    backwards_ = random ? random_.below(2) : schedule_ == Schedule::kReverse;
    const unsigned count = lanes(number);
    const unsigned start = random ? random_.below(count) : backwards_ ? count - 1 : 0;
    early_ = backwards_ ? ~0u >> (kWarpSize - 1 - start) : ~0u << start;
    pending_ = running_->ready;
    running_->ready = 0;
    while (pending_) switch_from(&scheduler_, take_lane());
}

Thread& BlockRunner::take_lane() {
    const uint32_t from = pending_ & early_ ? pending_ & early_ : pending_;
    const unsigned lane = static_cast<unsigned>(backwards_ ? 31 - __builtin_clz(from) : __builtin_ctz(from));
    pending_ &= ~(1u << lane);
    return running_lanes_[lane];
}

void BlockRunner::switch_from(void** save, Thread& to) {
    vgpu_thread = &to;
    vgpu_switch(save, to.stack_pointer);
}

// The running fiber waits: the next lane goes on, or the scheduler after the last.
void BlockRunner::leave() {
    void** save = &vgpu_thread->stack_pointer;
    if (pending_) {
        switch_from(save, take_lane());
    } else {
        vgpu_switch(save, scheduler_);
    }
}

void BlockRunner::wait_at_barrier(const void* place) {
    if (!barrier_) barrier_ = place;
    if (barrier_ != place) problem_ = "threads of a block wait at different barriers";
    running_->at_barrier |= bit(*vgpu_thread);
    leave();
}

void BlockRunner::wait_in_call(uint32_t mask, const void* place) {
    Thread& me = *vgpu_thread;
    me.mask = mask;
    me.place = place;
    Warp& w = *running_;
    const Thread& other = w.at_call ? running_lanes_[__builtin_ctz(w.at_call)] : me;
    w.same_call = (w.same_call || !w.at_call) && other.mask == mask && other.place == place;
    w.at_call |= bit(me);
    leave();
}

// To the scheduler, not to the next lane, so that a stack is never used while its thread still stands on it.
void BlockRunner::end() {
    running_->done |= bit(*vgpu_thread);
    vgpu_switch(&vgpu_thread->stack_pointer, scheduler_);
}

// Lets go the lanes of a warp call whose whole mask has arrived (lanes that have ended count as arrived).
void BlockRunner::release_calls(unsigned number) {
    Warp& w = warps_[number];
    if (!w.at_call) return;
    const Thread* first = &threads_[number * kWarpSize];
    if (lanes(number) < kWarpSize) w.done |= ~0u << lanes(number);
    if (!w.same_call) return release_some_calls(w, first);
    const uint32_t mask = first[__builtin_ctz(w.at_call)].mask;
    if (w.at_call & ~mask) problem_ = "a lane is not in the mask of its own warp call";
    if ((mask & ~(w.at_call | w.done)) == 0) release_lanes(w, w.at_call);
}

void BlockRunner::release_some_calls(Warp& w, const Thread* first) {
    for (uint32_t waiting = w.at_call; waiting && !problem_;) {
        const Thread& leader = first[__builtin_ctz(waiting)];
        uint32_t arrived = 0;
        for (uint32_t rest = waiting; rest; rest &= rest - 1) {
            const Thread& lane = first[__builtin_ctz(rest)];
            if (lane.mask != leader.mask) continue;
            arrived |= bit(lane);
            if (lane.place != leader.place) problem_ = "lanes of one mask wait in different warp calls";
        }
        if (arrived & ~leader.mask) problem_ = "a lane is not in the mask of its own warp call";
        if ((leader.mask & ~(arrived | w.done)) == 0) release_lanes(w, arrived);
        waiting &= ~arrived;
    }
}

void BlockRunner::release_lanes(Warp& w, uint32_t arrived) {
    w.votes_taken = w.votes;
    memcpy(w.taken, w.given, sizeof w.taken);  // a lane outside the group has nothing to take
    w.at_call &= ~arrived;
    w.ready |= arrived;
}

bool BlockRunner::release_barrier() {
    uint32_t waiting = 0;
    bool all_wait = true;
    for (unsigned w = 0; w < warps(); w++) {
        waiting |= warps_[w].at_barrier;
        all_wait &= warps_[w].at_barrier == ~0u >> (kWarpSize - lanes(w));
        if (warps_[w].at_call) problem_ = "deadlock: a warp call whose mask never arrives";
    }
    if (!problem_ && waiting && !all_wait) problem_ = "only a part of the block reaches a barrier";
    if (problem_ || !waiting) return false;
    votes_taken = votes;
    votes = 0;
    barrier_ = nullptr;
    for (Warp& w : warps_) {
        w.ready = w.at_barrier;
        w.at_barrier = 0;
    }
    return true;
}

void BlockRunner::abandon() {
#ifdef __SANITIZE_ADDRESS__
    for (const Thread& thread : threads_) {
        __asan_unpoison_memory_region(thread.stack - kStackBytes + kPage,
                                      kStackBytes - kPage);  // frames never left
    }
#endif
}

CUresult BlockRunner::run(const Launch& launch, const unsigned at[3], std::string* reason) {
    set_up(launch, at);
    do {
        for (unsigned w = pick_warp(); w < warps() && !problem_; w = pick_warp()) {
            run_lanes(w);
            if (!problem_) release_calls(w);
        }
    } while (!problem_ && release_barrier());
    if (!problem_) return kSuccess;
    *reason = problem_;
    abandon();
    return kLaunchFailed;
}

}  // namespace vgpu

using namespace vgpu;

extern "C" VGPU_EXPORT void vgpu_wait_block(const void* place) { runner()->wait_at_barrier(place); }

extern "C" VGPU_EXPORT void vgpu_wait_warp(uint32_t mask, const void* place) {
    runner()->wait_in_call(mask, place);
}
