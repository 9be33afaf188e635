package cntk.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class Fp32PeakTest {
    @Test
    void lanesAreThoseOfTheProgrammingGuideAndUnknownOnesAreNotGuessed() {
        assertThat(Fp32Peak.lanes(80)).hasValue(64);
        assertThat(Fp32Peak.lanes(90)).hasValue(128);
        assertThat(Fp32Peak.lanes(120)).hasValue(128);
        assertThat(Fp32Peak.lanes(135)).isEmpty();
    }
}
