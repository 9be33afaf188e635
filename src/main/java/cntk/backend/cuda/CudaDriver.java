package cntk.backend.cuda;

import java.io.File;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import jcuda.JCudaVersion;
import jcuda.LibUtils;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * The CUDA driver of this machine, or why there is none. A machine without one is no error: nothing of JCuda is touched
 * there, since its classes answer a missing library with an {@link Error}.
 */
public final class CudaDriver {
    private static final String DRIVER = "libcuda.so.1";
    private static final int NAME_BYTES = 256;

    private final int version;
    private final List<CudaDeviceInfo> devices;
    private final String absence;

    private CudaDriver(int version, List<CudaDeviceInfo> devices, String absence) {
        this.version = version;
        this.devices = List.copyOf(devices);
        this.absence = absence;
    }

    /** Looks for the driver and its devices. */
    public static CudaDriver find() {
        Optional<String> missing = missingLibrary(System.getProperty("java.library.path", ""));
        return missing.map(CudaDriver::none).orElseGet(CudaDriver::ask);
    }

    /** All devices in the driver's order; empty where there are none. */
    public List<CudaDeviceInfo> devices() {
        return devices;
    }

    /** Why there are no devices; empty if there are some. */
    public Optional<String> absence() {
        return devices.isEmpty() ? Optional.of(absence) : Optional.empty();
    }

    /** The newest CUDA version that the driver knows: 12060 is CUDA 12.6; 0 without a driver. */
    public int version() {
        return version;
    }

    /** As in {@code CUDA 12.6}. */
    public String versionText() {
        return text(version);
    }

    static String text(int version) {
        return "CUDA " + version / 1000 + "." + version % 1000 / 10;
    }

    /** The first thing that is missing before JCuda can be touched at all. */
    @SuppressWarnings("restricted") // opening a library is the question
    static Optional<String> missingLibrary(String libraryPath) {
        String platform = System.getProperty("os.name") + " " + System.getProperty("os.arch");
        if (!platform.toLowerCase(Locale.ROOT).equals("linux amd64")) {
            return Optional.of("CUDA devices are used on Linux on x86-64 only, this is " + platform);
        }
        try {
            SymbolLookup.libraryLookup(DRIVER, Arena.global());
        } catch (IllegalArgumentException refused) {
            return Optional.of("no CUDA driver: " + DRIVER + " not found");
        }
        if (!isOnPath(
                libraryPath,
                System.mapLibraryName(LibUtils.createPlatformLibraryName("JCudaDriver-" + JCudaVersion.get())))) {
            return Optional.of("JCuda's native libraries are not on java.library.path (" + libraryPath
                    + ")\nhint: start through ./cntk, or give java -Djava.library.path=target/natives/lib");
        }
        return Optional.empty();
    }

    private static boolean isOnPath(String libraryPath, String fileName) {
        for (String folder : libraryPath.split(File.pathSeparator)) {
            if (Files.isRegularFile(Path.of(folder, fileName))) {
                return true;
            }
        }
        return false;
    }

    private static CudaDriver none(String reason) {
        return new CudaDriver(0, List.of(), reason);
    }

    private static CudaDriver ask() {
        int code = JCudaDriver.cuInit(0);
        if (code == CUresult.CUDA_ERROR_NO_DEVICE) {
            return none("the CUDA driver finds no device");
        }
        if (code != CUresult.CUDA_SUCCESS) {
            return none("the CUDA driver does not start: cuInit says %s (%d)\nhint: nvidia-smi shows the driver's state"
                    .formatted(CUresult.stringFor(code), code));
        }
        try {
            int[] value = new int[1];
            check(JCudaDriver.cuDriverGetVersion(value), "cuDriverGetVersion", 0);
            int version = value[0];
            check(JCudaDriver.cuDeviceGetCount(value), "cuDeviceGetCount", 0);
            List<CudaDeviceInfo> devices = new ArrayList<>();
            for (int index = 0; index < value[0]; index++) {
                devices.add(describe(index, version));
            }
            return new CudaDriver(version, devices, "the CUDA driver lists no device");
        } catch (CudaException broken) {
            return none(String.valueOf(broken.getMessage()));
        }
    }

    private static CudaDeviceInfo describe(int index, int driver) {
        CUdevice device = handle(index);
        byte[] name = new byte[NAME_BYTES];
        check(JCudaDriver.cuDeviceGetName(name, name.length, device), "cuDeviceGetName", index);
        long[] bytes = new long[1];
        check(JCudaDriver.cuDeviceTotalMem(bytes, device), "cuDeviceTotalMem", index);
        return new CudaDeviceInfo(
                index,
                textOf(name),
                attribute(device, index, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR) * 10
                        + attribute(device, index, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
                bytes[0],
                attribute(device, index, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
                attribute(device, index, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN),
                driver);
    }

    static CUdevice handle(int index) {
        CUdevice device = new CUdevice();
        check(JCudaDriver.cuDeviceGet(device, index), "cuDeviceGet", index);
        return device;
    }

    private static int attribute(CUdevice device, int index, int attribute) {
        int[] value = new int[1];
        check(JCudaDriver.cuDeviceGetAttribute(value, attribute, device), "cuDeviceGetAttribute", index);
        return value[0];
    }

    private static String textOf(byte[] zeroTerminated) {
        int length = 0;
        while (length < zeroTerminated.length && zeroTerminated[length] != 0) {
            length++;
        }
        return new String(zeroTerminated, 0, length, java.nio.charset.StandardCharsets.UTF_8);
    }

    /** Turns a result code into an exception. */
    static void check(int code, String call, int device) {
        if (code != CUresult.CUDA_SUCCESS) {
            throw CudaException.of(call, device, code);
        }
    }
}
