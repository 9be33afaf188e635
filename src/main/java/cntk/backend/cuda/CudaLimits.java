package cntk.backend.cuda;

/**
 * What a backend may use of a device. Results depend on {@code registers} only, by rounding.
 *
 * @param bytes of device memory
 * @param pairs of one batch
 * @param block images that are loaded together where not all of a set fit the device
 * @param registers whether the kernels that hold planes in registers serve the segments that they take; else the general kernel does
 */
record CudaLimits(long bytes, int pairs, int block, boolean registers) {
    /** A tenth of a second of 32x32 pairs on an H100 (estimate), and far below the 65535 pairs that a grid may have. */
    private static final int PAIRS = 8192;

    private static final int BLOCK = 64;

    static final CudaLimits USUAL = new CudaLimits(Long.MAX_VALUE, PAIRS, BLOCK);

    /** With the kernels on registers. */
    CudaLimits(long bytes, int pairs, int block) {
        this(bytes, pairs, block, true);
    }
}
