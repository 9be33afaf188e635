// The block scheduler. The threads of a block are fibers on one operating system thread; a barrier or a warp call
// switches to the next fiber. The order of warps and lanes is free between such calls, as on a GPU, so it is drawn at
// random (VGPU_SCHEDULE): a missing barrier shows up as a wrong result.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "block.h"
#include "settings.h"

namespace vgpu {

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
class BlockRunner : public Block {
 public:
    CUresult run(const Launch& launch, const unsigned index[3], std::string* reason);
    void abandon();  // after a bad address: the fibers are given up as they stand

    // For the running fiber.
    void invoke() { launch_->kernel->invoke(launch_->parameters); }
    void wait_at_barrier(const void* place);
    void wait_in_call(uint32_t mask, const void* place);
    void end();

 private:
    void set_up(const Launch& launch, const unsigned index[3]);
    void make_threads();
    unsigned pick_warp();
    void run_lanes(unsigned number);
    Thread& take_lane();
    void switch_from(void** save, Thread& to);
    void leave();
    void release_calls(unsigned number);
    void release_some_calls(Warp& lanes, const Thread* first);
    void release_lanes(Warp& lanes, uint32_t arrived);
    bool release_barrier();  // false when the block is done or stuck
    unsigned lanes(unsigned number) const { return std::min(kWarpSize, size - number * kWarpSize); }
    unsigned warps() const { return static_cast<unsigned>(warps_.size()); }

    // A lane's bit, if bits are of one warp.
    static uint32_t bit(const Thread& thread) { return 1u << (thread.linear % kWarpSize); }

    const Launch* launch_ = nullptr;
    std::vector<Thread> threads_;  // at least those of the block
    std::vector<Warp> warps_;
    std::vector<char> dynamic_shared_;
    void* scheduler_ = nullptr;
    Random random_{1};
    Schedule schedule_ = Schedule::kRandom;
    unsigned last_warp_ = 0;
    const void* barrier_ = nullptr;  // where the first thread at a barrier waits
    const char* problem_ = nullptr;

    // The warp that runs: its lanes go on one after the other, from one to the next.
    Warp* running_ = nullptr;
    Thread* running_lanes_ = nullptr;
    uint32_t pending_ = 0;  // whose turn is still to come
    uint32_t early_ = 0;    // who goes before all others
    bool backwards_ = false;
};

}  // namespace vgpu
