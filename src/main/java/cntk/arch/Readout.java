package cntk.arch;

/** How an image of pixel-pair kernels becomes one number per pair of images. */
public enum Readout {
    /** Mean over equal pixels; an image of one pixel needs no layer for it. */
    FLATTEN,
    /** Mean over all pixel pairs. */
    GLOBAL_AVERAGE_POOL
}
