#include "faults.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>
#include <vector>

#include "objects.h"
#include "settings.h"

namespace vgpu {
namespace {

constexpr int kAnyDevice = -1;

// One order of the text "kind@device:k=3,times=2,error=oom,delay_ms=20,late,lost".
struct Order {
    std::string kind;
    int device = kAnyDevice;
    long first = 1;  // counted from when the order was given
    long times = 1;
    Fault fault;
};

std::mutex& mutex = *new std::mutex;
std::vector<Order>& orders = *new std::vector<Order>;
std::map<std::pair<std::string, int>, long>& counts = *new std::map<std::pair<std::string, int>, long>;
bool environment_read = false;

CUresult error_of(const std::string& word) {
    static const std::map<std::string, CUresult> names = {{"oom", kOutOfMemory},
                                                          {"illegal_address", kIllegalAddress},
                                                          {"launch_failed", kLaunchFailed},
                                                          {"ecc", kEccUncorrectable},
                                                          {"unknown", kUnknown},
                                                          {"invalid_value", kInvalidValue}};
    const auto name = names.find(word);
    return name != names.end() ? name->second : atoi(word.c_str());
}

// False if `word` is not understood.
bool read_word(const std::string& word, Order& order) {
    const auto equals = word.find('=');
    const std::string key = word.substr(0, equals),
                      value = equals == std::string::npos ? "" : word.substr(equals + 1);
    if (key == "k")
        order.first = atol(value.c_str());
    else if (key == "times")
        order.times = value == "always" ? 1L << 40 : atol(value.c_str());
    else if (key == "error")
        order.fault.error = error_of(value);
    else if (key == "delay_ms")
        order.fault.delay_ms = atoi(value.c_str());
    else if (key == "late")
        order.fault.late = true;
    else if (key == "lost")
        order.fault.lost = true;
    else
        return false;
    return true;
}

int add_orders(const std::string& specification) {
    std::stringstream list(specification);
    std::string one;
    while (std::getline(list, one, ';')) {
        Order order;
        std::stringstream words(one.find(':') == std::string::npos ? "" : one.substr(one.find(':') + 1));
        const std::string subject = one.substr(0, one.find(':'));
        order.kind = subject.substr(0, subject.find('@'));
        if (subject.find('@') != std::string::npos)
            order.device = atoi(subject.substr(subject.find('@') + 1).c_str());
        std::string word;
        while (std::getline(words, word, ',')) {
            if (!read_word(word, order)) {
                fprintf(stderr, "virtual gpu: fault '%s': '%s' is not understood\n", one.c_str(),
                        word.c_str());
                return kInvalidValue;
            }
        }
        if (order.fault.lost && order.fault.error == kSuccess) order.fault.error = kEccUncorrectable;
        order.first += counts[{order.kind, order.device}];
        orders.push_back(order);
    }
    return kSuccess;
}

}  // namespace

Fault next_call(const std::string& kind, int device) {
    std::lock_guard lock(mutex);
    if (!environment_read) {
        environment_read = true;
        if (add_orders(settings().faults)) abort();
    }
    const long anywhere = ++counts[{kind, kAnyDevice}];
    const long here = device == kAnyDevice ? anywhere : ++counts[{kind, device}];
    Fault fault;
    for (const Order& order : orders) {
        if (order.kind != kind || (order.device != kAnyDevice && order.device != device)) continue;
        const long call = order.device == kAnyDevice ? anywhere : here;
        if (call < order.first || call >= order.first + order.times) continue;
        if (order.fault.error) {
            fault.error = order.fault.error;
            fault.late = order.fault.late;
            fault.lost = order.fault.lost;
        }
        if (order.fault.delay_ms) fault.delay_ms = order.fault.delay_ms;
    }
    return fault;
}

CUresult fault_now(const char* kind, Device* device) {
    const Fault fault = next_call(kind, device->index);
    if (fault.delay_ms) std::this_thread::sleep_for(std::chrono::milliseconds(fault.delay_ms));
    if (fault.lost) device->lost = fault.error;
    return fault.error;
}

// ---- for tests: orders, and how many calls of a kind there were (device -1: on all devices)

extern "C" VGPU_EXPORT int vgpu_add_faults(const char* specification) {
    std::lock_guard lock(mutex);
    return add_orders(specification);
}

// Forgets all orders and brings lost devices back.
extern "C" VGPU_EXPORT void vgpu_clear_faults() {
    {
        std::lock_guard lock(mutex);
        orders.clear();
    }
    for (Device* device : devices()) device->lost = kSuccess;
}

extern "C" VGPU_EXPORT long vgpu_calls(const char* kind, int device) {
    std::lock_guard lock(mutex);
    return counts[{kind, device}];
}

}  // namespace vgpu
