// Runs blocks, and makes a bad address in a kernel an error of its launch.
#include "block.h"

#include <sys/mman.h>

#include <csetjmp>
#include <csignal>

#include "block_runner.h"

namespace vgpu {
namespace {

// What an operating system thread needs to run blocks. Behind a pointer, since this library's thread storage has to stay
// small (thread_block.h).
struct ThreadStorage {
    BlockRunner runner;
    sigjmp_buf escape;
    volatile bool may_escape = false;
    void* bad_address = nullptr;
};
__thread ThreadStorage* storage;

struct sigaction previous_segv, previous_bus;

void on_bad_address(int signal, siginfo_t* info, void* machine) {
    if (storage && storage->may_escape) {
        storage->may_escape = false;
        storage->bad_address = info->si_addr;
        siglongjmp(storage->escape, 1);
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

// The handler needs a stack of its own: a fiber may have overrun its. Threads of the pool never end, so nothing is freed.
void prepare_thread_for_kernels() {
    storage = new ThreadStorage;
    constexpr size_t kBytes = 64 << 10;
    stack_t stack{};
    stack.ss_size = kBytes;
    stack.ss_sp = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sigaltstack(&stack, nullptr);
}

CUresult run_block(const Launch& launch, const unsigned index[3], std::string* reason) {
    if (sigsetjmp(storage->escape, 1)) {
        storage->runner.abandon();
        *reason = text("illegal address %p", storage->bad_address);
        return kIllegalAddress;
    }
    storage->may_escape = true;
    const CUresult result = storage->runner.run(launch, index, reason);
    storage->may_escape = false;
    return result;
}

}  // namespace vgpu
