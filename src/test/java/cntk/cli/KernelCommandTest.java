package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.dataset.Npy;
import cntk.dataset.NpyType;
import cntk.dataset.NpyWriter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelCommandTest {
    private static final String GAP = "cntk(depth=3)";

    @TempDir
    Path temporary;

    @BeforeEach
    void images() {
        write("x.npy", NpyType.F32, 1, 7, 3, 5, 5);
        write("y.npy", NpyType.F64, 2, 4, 3, 5, 5);
        write("vectors.npy", NpyType.F64, 3, 6, 9);
    }

    @Test
    void aSymmetricMatrixIsExactlySymmetric() throws IOException {
        CommandRun run = kernel("x.npy", "--json");
        assertThat(run.code()).as(run.err()).isZero();
        JsonNode json = new ObjectMapper().readTree(run.out());
        assertThat(json.path("dtype").textValue()).isEqualTo("float32");
        assertThat(json.path("pairs").intValue()).isEqualTo(28);
        assertThat(json.path("backend").textValue()).isEqualTo("cpu");
        Npy.Matrix k = matrix();
        assertThat(k.type()).isEqualTo(NpyType.F32);
        for (int row = 0; row < 7; row++) {
            for (int col = 0; col < 7; col++) {
                assertThat(k.values()[row][col]).isEqualTo(k.values()[col][row]);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"cpu,f32,F32,1e-5", "cpu,f64,F64,1e-12", "auto,auto,F32,1e-5", "oracle,f32,F64,0", "oracle,auto,F64,0"})
    void backendsAgreeAndTheTypeFollowsThePrecision(String backend, String precision, NpyType type, double tolerance) {
        String[] cross = {"--y", file("y.npy").toString()};
        assertThat(kernel("x.npy", cross[0], cross[1], "--backend", "oracle").code())
                .isZero();
        double[][] oracle = matrix().values();
        CommandRun run =
                kernel("x.npy", cross[0], cross[1], "--backend", backend, "--precision", precision, "--threads", "2");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.err().contains("--precision f32 has no effect"))
                .isEqualTo(backend.equals("oracle") && precision.equals("f32"));
        Npy.Matrix k = matrix();
        assertThat(k.type()).isEqualTo(type);
        assertThat(k.rows()).isEqualTo(7);
        assertThat(k.columns()).isEqualTo(4);
        for (int row = 0; row < 7; row++) {
            for (int col = 0; col < 4; col++) {
                double error = Math.abs(k.values()[row][col] / oracle[row][col] - 1);
                assertThat(error).isLessThanOrEqualTo(tolerance);
            }
        }
    }

    @Test
    void vectorsAreImagesOfOnePixelAndFlattenIsComputedInDoubles() {
        assertThat(CommandRun.of(words("fc(depth=2)", "vectors.npy")).code()).isZero();
        assertThat(matrix().type()).isEqualTo(NpyType.F64);
        assertThat(matrix().rows()).isEqualTo(6);
    }

    @Test
    void theTwoKindsDiffer() {
        kernel("x.npy");
        double ntk = matrix().values()[0][1];
        kernel("x.npy", "--kind", "nngp");
        assertThat(matrix().values()[0][1]).isNotEqualTo(ntk);
    }

    @Test
    void badImagesAreRefusedAndNothingIsWritten() throws IOException {
        double[] withNan = new double[27];
        withNan[13] = Double.NaN;
        try (NpyWriter writer = NpyWriter.open(file("nan.npy"), NpyType.F64, 1, 3, 3, 3)) {
            writer.writeRow(withNan);
            writer.commit();
        }
        byte[] good = Files.readAllBytes(file("x.npy"));
        Files.write(file("short.npy"), Arrays.copyOf(good, good.length - 1));
        String text = new String(good, StandardCharsets.ISO_8859_1);
        Files.writeString(file("integers.npy"), text.replace("<f4", "<i4"), StandardCharsets.ISO_8859_1);
        Files.writeString(
                file("fortran.npy"),
                text.replace("'fortran_order': False", "'fortran_order': True "),
                StandardCharsets.ISO_8859_1);
        write("cube.npy", NpyType.F64, 4, 2, 3, 4);
        Files.writeString(file("text.npy"), "not an array");
        refused("nan.npy", "nan.npy has NaN at index [0, 1, 1, 1], expected finite numbers");
        refused("short.npy", "expected 2100 for shape");
        refused("integers.npy", "expected '<f4' (float32) or '<f8' (float64)");
        refused("fortran.npy", "expected False (C order)");
        refused("cube.npy", "expected [N, C, H, W] or [N, D]");
        refused("text.npy", "text.npy");
        refused("none.npy", "none.npy cannot be read");
        refused("x.npy", "has images of 9x1x1", "--y", file("vectors.npy").toString());
        refused("x.npy", "expected at least 1", "--threads", "0");
    }

    @Test
    void aPlaceThatCannotBeWrittenIsFoundBeforeTheWork() {
        CommandRun run = CommandRun.of(
                "kernel",
                "--arch",
                GAP,
                "--x",
                file("x.npy").toString(),
                "--out",
                file("none/k.npy").toString());
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).startsWith("cntk: cannot write").contains("none/k.npy");
    }

    private void refused(String x, String message, String... more) throws IOException {
        CommandRun run = kernel(x, more);
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).startsWith("cntk: ").contains(message);
        assertThat(run.out()).isEmpty();
        try (Stream<Path> files = Files.list(temporary)) {
            List<String> left = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.contains("k.npy"))
                    .toList();
            assertThat(left).isEmpty();
        }
    }

    private CommandRun kernel(String x, String... more) {
        return CommandRun.of(Stream.of(words(GAP, x), more).flatMap(Stream::of).toArray(String[]::new));
    }

    private String[] words(String arch, String x) {
        return new String[] {
            "kernel",
            "--arch",
            arch,
            "--x",
            file(x).toString(),
            "--out",
            file("k.npy").toString()
        };
    }

    private Npy.Matrix matrix() {
        return Npy.readMatrix(file("k.npy"));
    }

    private Path file(String name) {
        return temporary.resolve(name);
    }

    private void write(String name, NpyType type, long seed, long... shape) {
        int row = 1;
        for (int axis = 1; axis < shape.length; axis++) {
            row *= (int) shape[axis];
        }
        Random random = new Random(seed);
        try (NpyWriter writer = NpyWriter.open(file(name), type, shape)) {
            for (int image = 0; image < shape[0]; image++) {
                writer.writeRow(random.doubles(row, -1, 1).toArray());
            }
            writer.commit();
        }
    }
}
