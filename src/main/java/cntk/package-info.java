/**
 * The CNTK engine: exact convolutional neural tangent kernels of image data sets, and the regression they stand for.
 *
 * <p>Data flows through the packages in this order; a package depends only on those above it (held by a test):
 *
 * <pre>
 *   dataset   images, labels, hashes; CIFAR, MNIST and .npy files; preprocessing
 *   arch      layers, networks with shapes, the network language and its canonical text
 *   maths     the oracle: one pair of images in plain double loops
 *   finite    random networks of finite width, to hold the kernels against
 *   plan      what to compute: kernel kind, precision, plane programs, tiles, costs
 *   backend   how to compute a tile: cpu (SIMD displacement planes), oracle; cuda: the devices
 *   gram      the durable store of finished tiles (Zarr v3) and the manifest that guards it
 *   schedule  hands tiles to workers, retries, stops cleanly, reports progress
 *   solve     regression, training, spectra, Gaussian processes and whitening by LAPACK
 *   report    accuracy, provenance, CSV, JSON and the page of a run
 *   cli       the command line
 *   spark     the same on many machines; built by the Maven profile of that name only
 * </pre>
 */
@org.jspecify.annotations.NullMarked
package cntk;
