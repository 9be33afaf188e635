/** Networks as the mathematics sees them: layers, shapes, the network language. No device words. */
@NullMarked
package cntk.arch;

import org.jspecify.annotations.NullMarked;
