package cntk.support;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Tests on the four virtual GPUs of {@code src/test/native/virtual-gpu}. They run in a JVM of their own (see the pom) and
 * are skipped where g++ was missing. Faults are forgotten before each test, and after each no device memory may be left.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("virtual-gpu")
@ExtendWith(VirtualGpuCondition.class)
public @interface VirtualGpuTest {}
