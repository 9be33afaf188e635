// libnvrtc.so.12: "compiles" a program to PTX that declares those kernels of the source which have a host build, with
// the parameters of the host build. It sees only that braces and names are there: it is no compiler.
#include <cstdio>
#include <cstring>
#include <string>

#include "library_support.h"

namespace {

enum Status { kOk = 0, kInvalidInput = 3, kInvalidProgram = 4, kInvalidOption = 5, kCompilation = 6 };

struct Program {
    std::string source, name, ptx, log;
};

// extern "C" __global__ ... name(
bool defines(const std::string& source, const std::string& name) {
    for (size_t at = source.find(name + "("); at != std::string::npos; at = source.find(name + "(", at + 1)) {
        const size_t line = source.rfind("__global__", at);
        if (line != std::string::npos && at - line < 120 && source.find('{', line) > at) return true;
    }
    return false;
}

std::string declaration(const char* name, int kernel) {
    unsigned bytes[64];
    const int count = vgpu_kernel_parameters(kernel, bytes, 64);
    std::string text = std::string(".visible .entry ") + name + "(\n";
    for (int p = 0; p < count; p++) {
        text += p ? ",\n" : "";
        text += ".param .align 8 .b8 " + std::string(name) + "_param_" + std::to_string(p) + "[" +
                std::to_string(bytes[p]) + "]";
    }
    return text + "\n)\n{ ret; }\n";
}

}  // namespace

extern "C" {

VGPU_EXPORT const char* nvrtcGetErrorString(int code) {
    switch (code) {
        case kOk:
            return "NVRTC_SUCCESS";
        case kInvalidOption:
            return "NVRTC_ERROR_INVALID_OPTION";
        case kCompilation:
            return "NVRTC_ERROR_COMPILATION";
        default:
            return "NVRTC_ERROR_INVALID_INPUT";
    }
}

VGPU_EXPORT int nvrtcVersion(int* major, int* minor) {
    *major = 12;
    *minor = 6;
    return kOk;
}

VGPU_EXPORT int nvrtcCreateProgram(Program** program, const char* source, const char* name, int count,
                                   const char* const* headers, const char* const*) {
    if (!source) return kInvalidInput;
    *program = new Program{source, name ? name : "program", "", ""};
    for (int h = 0; h < count; h++) (*program)->source += headers[h];
    return kOk;
}

VGPU_EXPORT int nvrtcCompileProgram(Program* program, int count, const char* const* options) {
    bool architecture = false;
    for (int o = 0; o < count; o++) {
        architecture |= !strncmp(options[o], "--gpu-architecture=compute_", 27) ||
                        !strncmp(options[o], "--gpu-architecture=sm_", 22);
    }
    if (!architecture) return kInvalidOption;
    if (vgpu_fault("compile")) {
        program->log = program->name + "(1): error: injected by VGPU_FAULTS\n";
        return kCompilation;
    }
    const std::string target = std::to_string(vgpu_capability());
    program->ptx = ".version 8.5\n.target sm_" + target + "\n.address_size 64\n";
    int kernels = 0;
    const char* name;
    for (int k = 0; (name = vgpu_kernel_name(k)) != nullptr; k++) {
        if (!defines(program->source, name)) continue;
        program->ptx += declaration(name, k);
        kernels++;
    }
    if (kernels) return kOk;
    program->log = program->name + "(1): error: no kernel of this source has a host build\n";
    return kCompilation;
}

VGPU_EXPORT int nvrtcGetPTXSize(Program* program, size_t* size) {
    *size = program->ptx.size() + 1;
    return kOk;
}

VGPU_EXPORT int nvrtcGetPTX(Program* program, char* out) {
    memcpy(out, program->ptx.c_str(), program->ptx.size() + 1);
    return kOk;
}

// What the virtual driver takes for machine code is the same text.
VGPU_EXPORT int nvrtcGetCUBINSize(Program* program, size_t* size) { return nvrtcGetPTXSize(program, size); }

VGPU_EXPORT int nvrtcGetCUBIN(Program* program, char* out) { return nvrtcGetPTX(program, out); }

VGPU_EXPORT int nvrtcGetProgramLogSize(Program* program, size_t* size) {
    *size = program->log.size() + 1;
    return kOk;
}

VGPU_EXPORT int nvrtcGetProgramLog(Program* program, char* out) {
    memcpy(out, program->log.c_str(), program->log.size() + 1);
    return kOk;
}

VGPU_EXPORT int nvrtcDestroyProgram(Program** program) {
    delete *program;
    *program = nullptr;
    return kOk;
}
}
