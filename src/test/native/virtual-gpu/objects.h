// The objects behind the driver's handles, and the state of the process.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cuda_abi.h"
#include "kernel_table.h"

namespace vgpu {

// Done or not yet; what one entry of a stream leaves behind, and what events hold on to.
class Ticket {
 public:
    void finish();
    void wait();
    bool finished();
    std::chrono::steady_clock::time_point time();  // of finish()

 private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool finished_ = false;
    std::chrono::steady_clock::time_point time_;
};
using TicketPointer = std::shared_ptr<Ticket>;

struct Device;
struct Stream;

struct Context {
    explicit Context(Device* owner) : device(owner) {}

    Device* device;
    std::atomic<CUresult> sticky{kSuccess};
    std::mutex mutex;  // of the streams' list
    std::vector<Stream*> streams;
    Stream* default_stream = nullptr;
};

struct Device {
    Device(int number, size_t bytes) : index(number), memory_bytes(bytes) {}

    int index;
    std::atomic<size_t> memory_bytes;      // that it has
    std::atomic<CUresult> lost{kSuccess};  // by a fault: no context helps
    std::atomic<size_t> used{0};           // bytes of live allocations
    std::mutex mutex;                      // of the primary context
    Context* primary = nullptr;
    int primary_references = 0;
};

// A queue with a thread of its own: work runs in order, asynchronously to the caller.
struct Stream {
    Context* context;
    bool blocking;  // orders itself against the default stream
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::pair<std::function<CUresult()>, TicketPointer>> work;
    TicketPointer last;
    bool closing = false;
    std::thread worker;
};

struct Event {
    Context* context;
    TicketPointer recorded;
};

struct Function {
    const HostKernel* kernel;
    int max_dynamic_shared = kMaxSharedPerBlock;
};

struct Module {
    Context* context;
    std::map<std::string, std::unique_ptr<Function>> functions;
};

const std::vector<Device*>& devices();  // empty before cuInit
Device* device_or_null(int index);
Context* current_context();  // of the calling thread, or null

// Context of the calling thread, or why there is no use in going on.
CUresult usable_context(Context** context);

// A context goes: its streams end, its memory is freed.
void destroy_context(Context* context);

// What a kernel writes where it must not becomes the context's error.
void spoil(Context* context, CUresult error);

// ---- streams (stream.cpp)
Stream* create_stream(Context* context, bool blocking);
Stream* resolve_stream(Context* context, void* handle);  // null, 1 and 2 are the default stream
TicketPointer push(Stream* stream, std::function<CUresult()> work);
CUresult wait_for(Stream* stream);
CUresult wait_for_all(Context* context);
void close_stream(Stream* stream);

// ---- kernels (kernel_library.cpp)
const HostKernel* find_host_kernel(const std::string& name);
std::vector<const HostKernel*> all_host_kernels();

}  // namespace vgpu
