/** How a tile of the Gram matrix is computed; picks a backend and says why. */
@NullMarked
package cntk.backend;

import org.jspecify.annotations.NullMarked;
