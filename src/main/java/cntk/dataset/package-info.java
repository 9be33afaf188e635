/** Images and labels as immutable sets with shape and hash; CIFAR-10 and .npy files; preprocessing. */
@NullMarked
package cntk.dataset;

import org.jspecify.annotations.NullMarked;
