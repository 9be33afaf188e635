/** Hands tiles to workers, retries, stops cleanly, reports progress as events. */
@NullMarked
package cntk.schedule;

import org.jspecify.annotations.NullMarked;
