/** {@code cntk run} on many machines: its tiles as tasks of Apache Spark. Built by the Maven profile {@code spark} only. */
@NullMarked
package cntk.spark;

import org.jspecify.annotations.NullMarked;
