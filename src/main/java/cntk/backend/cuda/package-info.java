/** NVIDIA GPUs: the kernels of {@code kernels-cuda/} and what they are handed. */
@org.jspecify.annotations.NullMarked
package cntk.backend.cuda;
