// Streams: one worker thread each, so that launches and copies are asynchronous as on a GPU.
#include <chrono>

#include "faults.h"
#include "objects.h"
#include "settings.h"

namespace vgpu {

void Ticket::finish() {
    std::lock_guard lock(mutex_);
    finished_ = true;
    time_ = std::chrono::steady_clock::now();
    changed_.notify_all();
}

void Ticket::wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return finished_; });
}

bool Ticket::finished() {
    std::lock_guard lock(mutex_);
    return finished_;
}

std::chrono::steady_clock::time_point Ticket::time() {
    std::lock_guard lock(mutex_);
    return time_;
}

namespace {

TicketPointer finished_ticket() {
    auto ticket = std::make_shared<Ticket>();
    ticket->finish();
    return ticket;
}

void run_stream(Stream* stream) {
    for (;;) {
        std::pair<std::function<CUresult()>, TicketPointer> next;
        {
            std::unique_lock lock(stream->mutex);
            stream->changed.wait(lock, [&] { return stream->closing || !stream->work.empty(); });
            if (stream->work.empty()) return;
            next = std::move(stream->work.front());
            stream->work.pop_front();
        }
        Context* context = stream->context;
        if (!context->sticky && !context->device->lost) {
            if (const CUresult error = next.first()) spoil(context, error);
        }
        next.first = nullptr;
        next.second->finish();
    }
}

CUresult state_of(Context* context) {
    return context->device->lost ? context->device->lost.load() : context->sticky.load();
}

}  // namespace

Stream* create_stream(Context* context, bool blocking) {
    auto stream = new Stream;
    stream->context = context;
    stream->blocking = blocking;
    stream->last = finished_ticket();
    stream->worker = std::thread(run_stream, stream);
    std::lock_guard lock(context->mutex);
    context->streams.push_back(stream);
    return stream;
}

Stream* resolve_stream(Context* context, void* handle) {
    const auto number = reinterpret_cast<uintptr_t>(handle);
    if (number > 2) return static_cast<Stream*>(handle);
    {
        std::lock_guard lock(context->mutex);
        if (context->default_stream) return context->default_stream;
    }
    Stream* stream = create_stream(context, true);
    std::lock_guard lock(context->mutex);
    if (!context->default_stream)
        context->default_stream = stream;  // the loser of a race stays an idle stream
    return context->default_stream;
}

TicketPointer push(Stream* stream, std::function<CUresult()> work) {
    std::vector<TicketPointer> before;
    {
        // The default stream waits for all blocking streams, and they wait for it.
        std::lock_guard lock(stream->context->mutex);
        Stream* main = stream->context->default_stream;
        for (Stream* other : stream->context->streams) {
            const bool ordered = stream == main ? other->blocking : (other == main && stream->blocking);
            if (other == stream || !ordered) continue;
            std::lock_guard other_lock(other->mutex);
            before.push_back(other->last);
        }
    }
    auto ticket = std::make_shared<Ticket>();
    std::lock_guard lock(stream->mutex);
    stream->work.emplace_back(
        [before, work] {
            for (const TicketPointer& other : before) other->wait();
            return work();
        },
        ticket);
    stream->last = ticket;
    stream->changed.notify_one();
    return ticket;
}

CUresult wait_for(Stream* stream) {
    TicketPointer last;
    {
        std::lock_guard lock(stream->mutex);
        last = stream->last;
    }
    last->wait();
    return state_of(stream->context);
}

CUresult wait_for_all(Context* context) {
    std::vector<Stream*> streams;
    {
        std::lock_guard lock(context->mutex);
        streams = context->streams;
    }
    for (Stream* stream : streams) wait_for(stream);
    return state_of(context);
}

void close_stream(Stream* stream) {
    {
        std::lock_guard lock(stream->mutex);
        stream->closing = true;
        stream->changed.notify_all();
    }
    stream->worker.join();
    {
        std::lock_guard lock(stream->context->mutex);
        std::erase(stream->context->streams, stream);
        if (stream->context->default_stream == stream) stream->context->default_stream = nullptr;
    }
    delete stream;
}

}  // namespace vgpu

using namespace vgpu;

VGPU_API cuStreamCreate(void** stream, unsigned flags) {
    Context* context;
    if (CUresult error = usable_context(&context)) return error;
    if (CUresult error = fault_now("stream", context->device)) return error;
    *stream = create_stream(context, !(flags & 1));
    return kSuccess;
}

VGPU_API cuStreamDestroy_v2(void* handle) {
    if (!handle) return kInvalidHandle;
    close_stream(static_cast<Stream*>(handle));
    return kSuccess;
}

VGPU_API cuStreamSynchronize(void* handle) {
    Context* context;
    if (CUresult error = usable_context(&context)) return error;
    if (CUresult error = fault_now("sync", context->device)) {
        spoil(context, error);
        return error;
    }
    return wait_for(resolve_stream(context, handle));
}

VGPU_API cuStreamQuery(void* handle) {
    Context* context;
    if (CUresult error = usable_context(&context)) return error;
    Stream* stream = resolve_stream(context, handle);
    std::lock_guard lock(stream->mutex);
    return stream->last->finished() ? kSuccess : kNotReady;
}

VGPU_API cuStreamWaitEvent(void* handle, Event* event, unsigned) {
    Context* context;
    if (CUresult error = usable_context(&context)) return error;
    if (TicketPointer ticket = event->recorded) {
        push(resolve_stream(context, handle), [ticket] {
            ticket->wait();
            return kSuccess;
        });
    }
    return kSuccess;
}

VGPU_API cuEventCreate(Event** event, unsigned) {
    Context* context;
    if (CUresult error = usable_context(&context)) return error;
    if (CUresult error = fault_now("event", context->device)) return error;
    *event = new Event{context, nullptr};
    return kSuccess;
}

VGPU_API cuEventDestroy_v2(Event* event) {
    if (!event) return kInvalidHandle;
    delete event;
    return kSuccess;
}

VGPU_API cuEventRecord(Event* event, void* handle) {
    Context* context;
    if (CUresult error = usable_context(&context)) return error;
    if (CUresult error = fault_now("record", context->device)) return error;
    event->recorded = push(resolve_stream(context, handle), [] { return kSuccess; });
    return kSuccess;
}

VGPU_API cuEventSynchronize(Event* event) {
    Context* context;
    if (CUresult error = usable_context(&context)) return error;
    if (CUresult error = fault_now("sync", context->device)) {
        spoil(context, error);
        return error;
    }
    if (TicketPointer ticket = event->recorded) ticket->wait();
    return usable_context(&context);
}

VGPU_API cuEventQuery(Event* event) {
    Context* context;
    if (CUresult error = usable_context(&context)) return error;
    return !event->recorded || event->recorded->finished() ? kSuccess : kNotReady;
}

VGPU_API cuEventElapsedTime(float* milliseconds, Event* start, Event* end) {
    if (!start->recorded || !end->recorded) return kInvalidHandle;
    if (!start->recorded->finished() || !end->recorded->finished()) return kNotReady;
    *milliseconds =
        std::chrono::duration<float, std::milli>(end->recorded->time() - start->recorded->time()).count();
    return kSuccess;
}

VGPU_API cuLaunchHostFunc(void* handle, void (*function)(void*), void* data) {
    Context* context;
    if (CUresult error = usable_context(&context)) return error;
    push(resolve_stream(context, handle), [=] {
        function(data);
        return kSuccess;
    });
    return kSuccess;
}
