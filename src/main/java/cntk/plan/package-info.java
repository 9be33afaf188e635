/** What to compute: kernel kind, precision, plane programs with their costs, and tiles of the Gram matrix. */
@NullMarked
package cntk.plan;

import org.jspecify.annotations.NullMarked;
