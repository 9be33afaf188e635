package cntk.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

class DataInfoTest {
    private final DataInfo info = DataInfo.ofSample();

    @Test
    void theEmbeddedFilesAreThePublishedOnes() {
        assertThat(info.official()).isTrue();
        assertThat(info.files())
                .extracting(DataInfo.DataFile::sha256)
                .containsExactly(
                        "1c8527f19a4c18c0b5b661c5da56ceea6e8a807b24d149bcc056b013ea8de553",
                        "edf52c4706fc3ab15c8ad68b7e6ba005d3f516cfd93a0c831118a26c07fbb370");
    }

    @Test
    void classesAreCountedPerSplit() {
        assertThat(info.classes())
                .extracting(DataInfo.ClassCount::train)
                .containsExactly(51, 65, 43, 47, 50, 40, 53, 50, 45, 56);
        assertThat(info.classes())
                .extracting(DataInfo.ClassCount::test)
                .containsExactly(25, 20, 24, 22, 19, 25, 29, 24, 34, 28);
    }

    @Test
    void theStatisticsAreThoseThatNumpyFinds() {
        assertThat(info.statistics().mean().get(0)).isCloseTo(0.48996013, within(5e-9));
        assertThat(info.statistics().std().get(2)).isCloseTo(0.25737096, within(5e-9));
    }

    @Test
    void theDescriptionTurnsIntoJson() {
        JsonNode json = new ObjectMapper().valueToTree(info);
        assertThat(json.path("train").asInt()).isEqualTo(500);
        assertThat(json.path("files").path(1).path("official").asBoolean()).isTrue();
        assertThat(json.path("statistics").path("mean").size()).isEqualTo(3);
    }
}
