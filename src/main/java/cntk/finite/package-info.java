/** Random networks of finite width, to be held against the exact kernels of the infinitely wide ones. */
@NullMarked
package cntk.finite;

import org.jspecify.annotations.NullMarked;
