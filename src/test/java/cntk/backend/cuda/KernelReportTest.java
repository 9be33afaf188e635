package cntk.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What nvcc said of the kernels, kernel by kernel and architecture by architecture, against their cards. */
class KernelReportTest {
    private static final List<String> ARCHITECTURES = List.of("sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_120");
    private static final Pattern EXPORTED =
            Pattern.compile("^(?:EXPORT_KERNEL\\((\\w+)\\)|PLANE_\\w+\\((plane_\\w+),)", Pattern.MULTILINE);

    private List<Line> report;

    private record Line(
            String kernel,
            String architecture,
            int registers,
            int spilled,
            int shared,
            int mostRegisters,
            int mostShared) {
        static Line parse(String text) {
            String[] field = text.split("\t");
            return new Line(
                    field[0],
                    field[1],
                    Integer.parseInt(field[2]),
                    Integer.parseInt(field[3]) + Integer.parseInt(field[4]) + Integer.parseInt(field[5]),
                    Integer.parseInt(field[6]),
                    Integer.parseInt(field[7]),
                    Integer.parseInt(field[8]));
        }
    }

    @BeforeEach
    void readsTheReport() throws IOException {
        try (InputStream in = StepTable.class.getResourceAsStream("/kernels/report.tsv")) {
            assumeTrue(in != null, "nvcc was not on the PATH: the kernels were NOT compiled");
            report = new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .skip(1)
                    .map(Line::parse)
                    .toList();
        }
    }

    @Test
    void everyKernelIsBuiltForEveryArchitecture() throws IOException {
        Set<String> expected;
        try (Stream<Path> files = Files.list(Path.of("kernels-cuda"))) {
            expected = files.filter(file -> file.toString().endsWith(".cu"))
                    .flatMap(KernelReportTest::exported)
                    .flatMap(kernel -> ARCHITECTURES.stream().map(architecture -> kernel + " " + architecture))
                    .collect(Collectors.toSet());
        }
        assertThat(expected).hasSizeGreaterThan(100);
        assertThat(report.stream().map(line -> line.kernel() + " " + line.architecture()))
                .containsExactlyInAnyOrderElementsOf(expected);
    }

    private static Stream<String> exported(Path file) {
        try {
            return EXPORTED.matcher(Files.readString(file)).results().map(KernelReportTest::name).toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String name(MatchResult found) {
        return found.group(1) != null ? found.group(1) : found.group(2);
    }

    @Test
    void nothingSpillsAndEveryKernelKeepsToItsCard() throws IOException {
        Properties images = new Properties();
        try (InputStream in = StepTable.class.getResourceAsStream("/kernels/images.properties")) {
            images.load(in);
        }
        String reference = images.getProperty("reference");
        assumeTrue(
                images.getProperty("toolkit").equals(reference),
                "the cards are of CUDA " + reference + ": NOT held to them with another toolkit");
        for (Line line : report) {
            assertThat(line.spilled()).as("%s", line).isZero();
            assertThat(line.registers()).as("%s", line).isPositive().isLessThanOrEqualTo(line.mostRegisters());
            assertThat(line.shared()).as("%s", line).isLessThanOrEqualTo(line.mostShared());
        }
    }
}
