/** The SIMD backend: displacement planes on jdk.incubator.vector. */
@NullMarked
package cntk.backend.cpu;

import org.jspecify.annotations.NullMarked;
