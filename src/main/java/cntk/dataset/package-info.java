/** Images and labels as immutable sets with shape and hash; the files of CIFAR, MNIST and NumPy; preprocessing. */
@NullMarked
package cntk.dataset;

import org.jspecify.annotations.NullMarked;
