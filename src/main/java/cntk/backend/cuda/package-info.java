/**
 * CUDA devices through JCuda's driver API: what is there, contexts with one owner thread, memory, streams, kernels. The
 * kernels stand in {@code kernels-cuda}.
 */
@NullMarked
package cntk.backend.cuda;

import org.jspecify.annotations.NullMarked;
