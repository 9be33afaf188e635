package cntk.backend.cuda;

import java.util.List;
import jcuda.nvrtc.JNvrtc;
import jcuda.nvrtc.nvrtcProgram;
import jcuda.nvrtc.nvrtcResult;

/** NVIDIA's run-time compiler, where it is installed: kernel source to machine code for one device. */
final class Nvrtc {
    private Nvrtc() {}

    /** Whether the library is there, installed or packed; without it no other method may be called. */
    static boolean isAvailable() {
        return CudaLibraries.NVRTC.missing().isEmpty();
    }

    /** As in {@code 12.6}. */
    static String version() {
        CudaLibraries.NVRTC.load();
        int[] major = new int[1];
        int[] minor = new int[1];
        check(JNvrtc.nvrtcVersion(major, minor), "nvrtcVersion", "");
        return major[0] + "." + minor[0];
    }

    static List<String> options(int capability) {
        return List.of("--gpu-architecture=sm_" + capability, "--std=c++17");
    }

    /**
     * Compiles to machine code.
     *
     * @throws KernelException with the compiler's log
     */
    static byte[] compile(KernelResources.Source source, int capability) {
        CudaLibraries.NVRTC.load();
        nvrtcProgram program = new nvrtcProgram();
        check(
                JNvrtc.nvrtcCreateProgram(program, source.text(), source.name() + ".cu", 0, null, null),
                "nvrtcCreateProgram",
                source.name());
        try {
            String[] options = options(capability).toArray(String[]::new);
            int code = JNvrtc.nvrtcCompileProgram(program, options.length, options);
            if (code != nvrtcResult.NVRTC_SUCCESS) {
                throw new KernelException("NVRTC cannot compile %s.cu for sm_%d: %s\n%s"
                        .formatted(source.name(), capability, nvrtcResult.stringFor(code), log(program)));
            }
            long[] bytes = new long[1];
            check(JNvrtc.nvrtcGetCUBINSize(program, bytes), "nvrtcGetCUBINSize", source.name());
            byte[] image = new byte[Math.toIntExact(bytes[0])];
            check(JNvrtc.nvrtcGetCUBIN(program, image), "nvrtcGetCUBIN", source.name());
            return image;
        } finally {
            JNvrtc.nvrtcDestroyProgram(program);
        }
    }

    private static String log(nvrtcProgram program) {
        String[] log = new String[1];
        JNvrtc.nvrtcGetProgramLog(program, log);
        return log[0] == null ? "(no log)" : log[0].strip();
    }

    private static void check(int code, String call, String name) {
        if (code != nvrtcResult.NVRTC_SUCCESS) {
            throw new KernelException(call + " failed for " + name + ": " + nvrtcResult.stringFor(code));
        }
    }
}
