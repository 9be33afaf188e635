/** Kernel ridge regression: LAPACK on native memory through java.lang.foreign. */
@NullMarked
package cntk.solve;

import org.jspecify.annotations.NullMarked;
