/** The durable store of finished tiles (Zarr v3) and the manifest that guards a resume. */
@NullMarked
package cntk.gram;

import org.jspecify.annotations.NullMarked;
