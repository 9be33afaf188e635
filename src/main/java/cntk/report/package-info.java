/** What a run found and how: accuracy with intervals, provenance, CSV and JSON. */
@NullMarked
package cntk.report;

import org.jspecify.annotations.NullMarked;
