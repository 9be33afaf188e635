/** The oracle: closed forms and the recursion of one pair in plain double loops, reading like src/docs/maths.md. */
@NullMarked
package cntk.maths;

import org.jspecify.annotations.NullMarked;
