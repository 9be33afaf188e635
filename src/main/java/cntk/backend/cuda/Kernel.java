package cntk.backend.cuda;

import java.lang.ref.Reference;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.JCudaDriver;

/** A function that runs on a device; lives as long as its {@link KernelModule}. */
public final class Kernel {
    private final CudaDevice device;
    private final String name;
    private final CUfunction function;
    private final int maxThreads;

    Kernel(CudaDevice device, String name, CUfunction function) {
        this.device = device;
        this.name = name;
        this.function = function;
        this.maxThreads = attribute(CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
    }

    public String name() {
        return name;
    }

    /** Most threads of a block: the kernel's {@code __launch_bounds__}. */
    public int maxThreads() {
        return maxThreads;
    }

    /** Lets blocks use up to this much dynamic shared memory; past 48 KiB a launch needs it. */
    public void allowSharedBytes(int bytes) {
        device.enter();
        device.check(
                JCudaDriver.cuFuncSetAttribute(
                        function, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes),
                "cuFuncSetAttribute of " + name + " for " + bytes + " bytes of shared memory");
    }

    /** Blocks of this size that one multiprocessor holds at a time. */
    public int blocksPerMultiprocessor(int threads, int sharedBytes) {
        device.enter();
        int[] blocks = new int[1];
        device.check(
                JCudaDriver.cuOccupancyMaxActiveBlocksPerMultiprocessor(blocks, function, threads, sharedBytes),
                "cuOccupancyMaxActiveBlocksPerMultiprocessor of " + name);
        return blocks[0];
    }

    /** Starts the kernel on a stream; its errors surface when the stream is waited for. The arguments may be reused. */
    public void launch(CudaStream stream, LaunchShape shape, KernelArguments arguments) {
        try {
            device.check(
                    JCudaDriver.cuLaunchKernel(
                            function,
                            shape.gridX(),
                            shape.gridY(),
                            shape.gridZ(),
                            shape.blockX(),
                            shape.blockY(),
                            shape.blockZ(),
                            shape.sharedBytes(),
                            stream.handle(),
                            arguments.pointers(),
                            null),
                    "launch of " + name + " " + shape);
        } finally {
            Reference.reachabilityFence(arguments); // the call knows their memory by address only
        }
    }

    private int attribute(int which) {
        device.enter();
        int[] value = new int[1];
        device.check(JCudaDriver.cuFuncGetAttribute(value, which, function), "cuFuncGetAttribute of " + name);
        return value[0];
    }
}
