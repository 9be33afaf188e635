#include "settings.h"

#include <dlfcn.h>

#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <sstream>
#include <thread>

#include "cuda_abi.h"

namespace vgpu {
namespace {

std::string variable(const char* name, const char* otherwise) {
    const char* value = getenv(name);
    return value && *value ? value : otherwise;
}

// The kernels' library stands beside this one.
std::string beside_this_library(const char* file) {
    Dl_info info;
    if (!dladdr(reinterpret_cast<void*>(&settings), &info)) return file;
    const std::string path = info.dli_fname;
    return path.substr(0, path.rfind('/') + 1) + file;
}

bool read_schedule(const std::string& word, Schedule* schedule) {
    if (word == "forward")
        *schedule = Schedule::kForward;
    else if (word == "reverse")
        *schedule = Schedule::kReverse;
    else if (word == "random")
        *schedule = Schedule::kRandom;
    else
        return false;
    return true;
}

Schedule usual_schedule() {
    const std::string word = variable("VGPU_SCHEDULE", "random");
    Schedule schedule;
    if (read_schedule(word, &schedule)) return schedule;
    fprintf(stderr, "virtual gpu: VGPU_SCHEDULE=%s is none of forward, reverse, random\n", word.c_str());
    abort();
}

std::atomic<Schedule>& current_schedule() {
    static std::atomic<Schedule>& current = *new std::atomic<Schedule>(usual_schedule());
    return current;
}

// "2048,64": 2 GiB, and 64 MiB for every device from the second one on.
std::vector<size_t> mebibytes(const std::string& list) {
    std::vector<size_t> bytes;
    std::stringstream words(list);
    for (std::string word; std::getline(words, word, ',');)
        bytes.push_back(strtoull(word.c_str(), nullptr, 10) << 20);
    return bytes;
}

Settings read() {
    Settings s;
    s.devices = atoi(variable("CNTK_VIRTUAL_GPUS", "1").c_str());
    s.memory_bytes = mebibytes(variable("VGPU_MEMORY_MIB", "2048"));
    s.driver_version = atoi(variable("VGPU_DRIVER", "12060").c_str());
    s.capability = atoi(variable("VGPU_CAPABILITY", "90").c_str());
    s.threads = atoi(variable("VGPU_THREADS", "0").c_str());
    if (s.threads < 1) s.threads = static_cast<int>(std::thread::hardware_concurrency());
    s.seed = static_cast<unsigned>(strtoul(variable("VGPU_SEED", "1").c_str(), nullptr, 10));
    s.kernels = variable("VGPU_KERNELS", beside_this_library("libvgpu_kernels.so").c_str());
    s.faults = variable("VGPU_FAULTS", "");
    s.quiet = variable("VGPU_QUIET", "0") == "1";
    return s;
}

// Everything global is leaked on purpose: worker threads outlive exit(), and destructors would pull it from under them.
std::mutex& message_mutex = *new std::mutex;
std::string& last_message = *new std::string;

}  // namespace

const Settings& settings() {
    static const Settings& once = *new Settings(read());
    return once;
}

Schedule schedule() { return current_schedule(); }

// For tests: an order from now on; nothing is what the environment says. 0 if the word is understood.
extern "C" VGPU_EXPORT int vgpu_set_schedule(const char* word) {
    Schedule wanted = usual_schedule();
    if (*word && !read_schedule(word, &wanted)) return 1;
    current_schedule() = wanted;
    return 0;
}

void say(const std::string& message) {
    std::lock_guard lock(message_mutex);
    last_message = message;
    if (!settings().quiet) fprintf(stderr, "virtual gpu: %s\n", message.c_str());
}

std::string text(const char* format, ...) {
    char line[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    return line;
}

// The last thing that was said, into `out`; for tests.
extern "C" VGPU_EXPORT void vgpu_last_message(char* out, size_t size) {
    std::lock_guard lock(message_mutex);
    snprintf(out, size, "%s", last_message.c_str());
}

}  // namespace vgpu
