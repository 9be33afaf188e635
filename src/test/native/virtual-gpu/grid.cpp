#include "grid.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <numeric>
#include <thread>

#include "settings.h"

namespace vgpu {
namespace {

// A launch at work. The blocks are numbered; number i runs as block (offset + i * stride) mod blocks, so that with a
// stride coprime to their number each runs once, in an order of the schedule's choice.
struct Grid {
    explicit Grid(const Launch& of) : launch(of), blocks(uint64_t{of.grid[0]} * of.grid[1] * of.grid[2]) {
        if (schedule() == Schedule::kReverse) {
            offset = blocks - 1;
            stride = blocks - 1;
        } else if (schedule() == Schedule::kRandom) {
            offset = of.seed * 2654435761ull % blocks;
            stride = (of.seed * 40503ull + blocks / 3) % blocks;
            while (std::gcd(stride, blocks) != 1) stride++;
        }
    }

    void run_one(uint64_t number) {
        const uint64_t block = (offset + number % blocks * (stride % blocks)) % blocks;
        const unsigned index[3] = {static_cast<unsigned>(block % launch.grid[0]),
                                   static_cast<unsigned>(block / launch.grid[0] % launch.grid[1]),
                                   static_cast<unsigned>(block / launch.grid[0] / launch.grid[1])};
        std::string reason;
        if (const CUresult error = run_block(launch, index, &reason)) {
            say(text("kernel %s, block (%u, %u, %u): ", launch.kernel->name, index[0], index[1], index[2]) +
                reason);
            failed = error;
        }
    }

    const Launch& launch;
    const uint64_t blocks;
    uint64_t offset = 0, stride = 1;
    uint64_t taken = 0, finished = 0;        // under the pool's mutex
    std::atomic<CUresult> failed{kSuccess};  // any of the errors will do
};

// Threads that live as long as the process; grids of several streams share them, in turns.
class Pool {
 public:
    explicit Pool(int threads) {
        for (int t = 0; t < threads; t++) std::thread([this] { work(); }).detach();
    }

    CUresult run(Grid* grid) {
        std::unique_lock lock(mutex_);
        grids_.push_back(grid);
        work_came_.notify_all();
        work_done_.wait(lock, [&] {
            return grid->taken == grid->finished && (grid->failed || grid->taken == grid->blocks);
        });
        std::erase(grids_, grid);
        return grid->failed;
    }

 private:
    Grid* next_grid() {
        for (size_t i = 0; i < grids_.size(); i++) {
            Grid* grid = grids_.front();
            grids_.pop_front();
            grids_.push_back(grid);
            if (!grid->failed && grid->taken < grid->blocks) return grid;
        }
        return nullptr;
    }

    void work() {
        prepare_thread_for_kernels();
        std::unique_lock lock(mutex_);
        for (;;) {
            Grid* grid = next_grid();
            if (!grid) {
                work_came_.wait(lock);
                continue;
            }
            // A few blocks at a time: small blocks would spend their time at the lock.
            const uint64_t first = grid->taken;
            const uint64_t count = std::min<uint64_t>(8, (grid->blocks - first + 7) / 8);
            grid->taken += count;
            lock.unlock();
            for (uint64_t number = first; number < first + count && !grid->failed; number++)
                grid->run_one(number);
            lock.lock();
            grid->finished += count;
            work_done_.notify_all();
        }
    }

    std::mutex mutex_;
    std::condition_variable work_came_, work_done_;
    std::deque<Grid*> grids_;
};

}  // namespace

CUresult run_grid(const Launch& launch) {
    static Pool& pool = *new Pool(settings().threads);  // never ends: its threads outlive exit()
    Grid grid(launch);
    return pool.run(&grid);
}

}  // namespace vgpu
