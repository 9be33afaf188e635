package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.support.VirtualGpu;
import cntk.support.VirtualGpuTest;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code cntk run} on virtual GPUs: any number of them and any speed give the same bits, and whatever fails, the run ends
 * right or with a clear error and a following one completes it to the same bits.
 */
@VirtualGpuTest
class RunOnVirtualGpusTest {
    @TempDir
    private static Path shared;

    @TempDir
    private Path temporary;

    private static Map<String, String> undisturbed = Map.of();
    private static double accuracy;

    @BeforeAll
    static void runUndisturbed() throws IOException {
        CommandRun run = run(shared.resolve("one"), "--devices", "0");
        assertThat(run.code()).as(run.err()).isZero();
        undisturbed = bits(shared.resolve("one"));
        accuracy = json(run).path("accuracy").doubleValue();
        assertThat(undisturbed.keySet())
                .anyMatch(name -> name.startsWith("train"))
                .anyMatch(name -> name.startsWith("cross"));
    }

    private static CommandRun run(Path out, String... more) {
        List<String> words = new ArrayList<>(List.of(
                "run",
                "--arch",
                "cntk(depth=3,readout=flatten)",
                "--precision",
                "f32",
                "--train",
                "40",
                "--test",
                "20"));
        words.addAll(List.of("--ridge", "0.01", "--json", "--out", out.toString()));
        words.addAll(Arrays.asList(more));
        return CommandRun.of(words.toArray(String[]::new));
    }

    private static JsonNode json(CommandRun run) throws IOException {
        return new ObjectMapper().readTree(run.out());
    }

    /** Every tile of both matrices, by the file that it is in. */
    private static Map<String, String> bits(Path out) throws IOException {
        Map<String, String> bits = new TreeMap<>();
        for (String matrix : List.of("train", "cross")) {
            Path chunks = out.resolve(matrix).resolve("c");
            try (Stream<Path> files = Files.walk(chunks)) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    bits.put(matrix + "/" + chunks.relativize(file), Arrays.toString(Files.readAllBytes(file)));
                }
            }
        }
        return bits;
    }

    private void assertRight(CommandRun run, Path out) throws IOException {
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(bits(out)).isEqualTo(undisturbed);
        assertThat(json(run).path("accuracy").doubleValue()).isEqualTo(accuracy);
    }

    @ParameterizedTest
    @ValueSource(strings = {"3", "0,1", "2,0", "all"})
    void anyDevicesOfAnySpeedGiveTheSameBits(String devices) throws IOException {
        VirtualGpu.fault("launch@0:delay_ms=20,times=always");
        VirtualGpu.fault("d2h@1:delay_ms=5,times=always");
        VirtualGpu.fault("h2d@2:delay_ms=1,times=always");
        CommandRun run = run(temporary, "--devices", devices);
        assertRight(run, temporary);
        assertThat(json(run).path("backend").textValue()).isEqualTo("cuda");
    }

    @Test
    void accuracyIsThatOfTheCpuAndTheSolversAgree() throws IOException {
        CommandRun cpu = run(temporary.resolve("cpu"), "--devices", "cpu");
        assertThat(cpu.code()).as(cpu.err()).isZero();
        assertThat(json(cpu).path("accuracy").doubleValue()).isEqualTo(accuracy);
        assertThat(json(cpu).path("solver").textValue()).isEqualTo("cholesky");
        CommandRun gpu = run(temporary.resolve("gpu"), "--devices", "1", "--solver", "cuda");
        assertThat(json(gpu).path("solver").textValue()).isEqualTo("cuda/1");
        assertRight(gpu, temporary.resolve("gpu"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "alloc@0:error=oom",
                "alloc@0:error=oom,k=9",
                "alloc:error=oom,times=always",
                "alloc@1:error=illegal_address,k=5",
                "host:error=oom",
                "host:error=oom,times=always",
                "h2d@0:error=illegal_address",
                "h2d@0:error=launch_failed,late,k=4",
                "h2d:error=unknown,times=always",
                "d2h@1:error=launch_failed",
                "d2h@1:error=ecc,late",
                "d2h:error=unknown,times=always",
                "launch@0:error=launch_failed",
                "launch@0:error=launch_failed,k=7,late",
                "launch@0:error=ecc,k=7,lost",
                "launch:error=invalid_value,k=6",
                "launch:error=oom,k=5",
                "launch:error=launch_failed,times=always",
                "sync@1:error=launch_failed,k=2",
                "sync:error=unknown,times=always",
                "stream:error=unknown",
                "load@0:error=oom",
                "context@1:error=unknown",
                "context:error=unknown,times=always",
            })
    void whateverFailsTheEndIsRightOrClearAndTheNextRunCompletesIt(String fault) throws IOException {
        String kind = fault.replaceFirst("[@:].*", "");
        int device = fault.contains("@") ? Integer.parseInt(fault.replaceFirst(".*@(\\d).*", "$1")) : VirtualGpu.HOST;
        long nth = fault.contains("k=") ? Long.parseLong(fault.replaceFirst(".*k=(\\d+).*", "$1")) : 1;
        long before = VirtualGpu.calls(kind, device);
        VirtualGpu.fault(fault);
        CommandRun disturbed = run(temporary, "--devices", "0,1");
        VirtualGpu.clearFaults();
        assertThat(VirtualGpu.calls(kind, device) - before).as("calls").isGreaterThanOrEqualTo(nth);
        if (disturbed.code() == 0) {
            assertRight(disturbed, temporary);
        } else {
            assertThat(disturbed.code()).as(disturbed.err()).isEqualTo(1);
            assertThat(disturbed.err()).contains("CUDA device").doesNotContain("internal error");
        }
        assertNothingIsLeftOnTheDevices();
        assertRight(run(temporary, "--devices", "1,0"), temporary);
    }

    @Test
    void ifAllDevicesAreLostEachReasonIsGivenAndFinishedTilesStay() throws IOException {
        long launches = VirtualGpu.calls("launch", 3);
        assertRight(run(temporary.resolve("count"), "--devices", "3"), temporary.resolve("count"));
        launches = VirtualGpu.calls("launch", 3) - launches;
        // Both together cannot do all of it, whichever is faster, and at least one has finished a tile.
        VirtualGpu.fault("launch@0:k=" + launches / 3 + ",error=ecc,late,lost");
        VirtualGpu.fault("launch@1:k=" + launches / 3 + ",error=launch_failed,lost");
        CommandRun lost = run(temporary.resolve("lost"), "--devices", "0,1");
        VirtualGpu.clearFaults();
        assertThat(lost.code()).as(lost.err()).isEqualTo(1);
        assertThat(lost.err())
                .contains("every worker is lost", "cuda/0: ", "cuda/1: ", "hint: finished tiles are kept");
        CommandRun resumed = run(temporary.resolve("lost"), "--devices", "2");
        assertRight(resumed, temporary.resolve("lost"));
        assertThat(json(resumed).path("computed_pairs").longValue())
                .isLessThan(json(resumed).path("pairs").longValue());
    }

    @Test
    void theCpuGoesOnWhenTheGpusBesideItAreLost() throws IOException {
        VirtualGpu.fault("launch:k=3,error=ecc,lost");
        CommandRun run = run(temporary, "--devices", "0+cpu", "--threads", "1");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.err()).contains("worker cuda/0 gets no more tiles", "warning: GPUs and the CPU computed");
        assertThat(json(run).path("backend").textValue()).isEqualTo("cuda+cpu");
        assertThat(json(run).path("accuracy").doubleValue()).isEqualTo(accuracy);
        JsonNode record =
                new ObjectMapper().readTree(temporary.resolve("run.json").toFile());
        assertThat(record.path("workers"))
                .anyMatch(worker -> worker.path("backend").textValue().equals("cpu"));
    }

    @Test
    void aDeviceThatIsTooSmallLeavesTheWorkToTheOthers() throws IOException {
        VirtualGpu.memory(1, 1 << 20);
        CommandRun beside = run(temporary.resolve("beside"), "--devices", "0,1");
        assertRight(beside, temporary.resolve("beside"));
        assertThat(beside.err().lines().filter(line -> line.contains("cuda/1")))
                .singleElement()
                .asString()
                .contains("worker cuda/1 gets no more tiles: CUDA device 1 has 0.00 GiB left, too little for");
        CommandRun cpu = run(temporary.resolve("cpu"), "--devices", "1+cpu", "--threads", "1");
        assertThat(cpu.code()).as(cpu.err()).isZero();
        assertThat(json(cpu).path("accuracy").doubleValue()).isEqualTo(accuracy);
    }

    @Test
    void ifEveryDeviceIsTooSmallTheRequestIsRefusedAndALargerOneGoesOn() throws IOException {
        VirtualGpu.memory(1, 1 << 20);
        VirtualGpu.memory(2, 1 << 20);
        CommandRun run = run(temporary, "--devices", "1,2");
        assertThat(run.code()).as(run.err()).isEqualTo(2);
        assertThat(run.err()).contains("cntk: CUDA device ", "too little for 128 images", "hint: --backend cpu");
        assertRight(run(temporary, "--devices", "1,3"), temporary);
    }

    @Test
    void anotherKindOfDeviceIsRefusedOnResume() {
        CommandRun cpu = run(shared.resolve("one"), "--devices", "cpu");
        assertThat(cpu.code()).isEqualTo(2);
        assertThat(cpu.err()).contains("backend: the store has cuda, this run wants cpu");
        CommandRun both = run(shared.resolve("one"), "--devices", "all+cpu");
        assertThat(both.code()).isEqualTo(2);
        assertThat(both.err()).contains("backend: the store has cuda, this run wants cuda+cpu");
    }

    private static void assertNothingIsLeftOnTheDevices() {
        for (int device = VirtualGpu.HOST; device < VirtualGpu.DEVICES; device++) {
            assertThat(VirtualGpu.liveBytes(device))
                    .as("bytes left on device %d", device)
                    .isZero();
        }
    }
}
