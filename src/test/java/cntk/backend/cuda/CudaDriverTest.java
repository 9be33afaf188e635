package cntk.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Runs in the ordinary JVM, where there may be a driver or none. */
class CudaDriverTest {
    @Test
    void thereAreDevicesOrAReasonWhyNot() {
        CudaDriver driver = CudaDriver.find();
        assertThat(driver.devices().isEmpty()).isEqualTo(driver.absence().isPresent());
        driver.absence().ifPresent(reason -> assertThat(reason).isNotBlank());
    }

    @Test
    void withoutJCudasLibrariesSomethingIsMissing() {
        assertThat(CudaDriver.missingLibrary("/nowhere"))
                .hasValueSatisfying(reason -> assertThat(reason)
                        .containsAnyOf("libcuda.so.1 not found", "java.library.path", "Linux on x86-64 only"));
    }
}
