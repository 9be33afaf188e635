package cntk.cli;

import cntk.backend.cuda.CudaDeviceInfo;
import cntk.backend.cuda.CudaDriver;
import cntk.backend.cuda.KernelChoice;
import cntk.backend.cuda.KernelResources;
import cntk.report.Json;
import cntk.report.MachineCard;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cntk devices}: what this machine can compute on. */
@Command(
        name = "devices",
        header = "The GPUs and the CPU of this machine.",
        description = {
            "Lists the CUDA devices with the kernels that each would run, and the CPU. Where",
            "there is no GPU it says what is missing."
        })
final class DevicesCommand implements Callable<Integer> {
    private static final double GIB = 1L << 30;

    @Spec
    private CommandSpec spec;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public Integer call() {
        CudaDriver driver = CudaDriver.find();
        MachineCard machine = MachineCard.read();
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(Json.text(fields(driver, machine)));
        } else {
            lines(driver, machine).forEach(out::println);
        }
        out.flush();
        return ExitCodes.RIGHT.code();
    }

    private static List<String> lines(CudaDriver driver, MachineCard machine) {
        List<String> lines = new ArrayList<>();
        for (CudaDeviceInfo device : driver.devices()) {
            lines.add(String.format(
                    Locale.ROOT,
                    "cuda/%d   %s: compute capability %s, %d multiprocessors, %.1f GiB, driver of %s",
                    device.index(),
                    device.name(),
                    device.capabilityText(),
                    device.multiprocessors(),
                    device.memoryBytes() / GIB,
                    device.driverText()));
            KernelChoice choice = KernelChoice.of(device);
            lines.add("         kernels: " + choice.description());
            choice.hint().ifPresent(hint -> lines.add("         " + hint));
        }
        driver.absence().ifPresent(reason -> lines.add("cuda     none: " + reason));
        lines.add("kernels  " + built());
        lines.add(String.format(
                Locale.ROOT,
                "cpu      %s: %d %s, %.1f GiB, %s",
                machine.cpu(),
                machine.processors(),
                machine.processors() == 1 ? "processor" : "processors",
                machine.memoryBytes() / GIB,
                machine.vectorFlags().isEmpty() ? "vector units unknown" : String.join(" ", machine.vectorFlags())));
        return lines;
    }

    private static String built() {
        Optional<KernelResources.Built> built = KernelResources.PACKAGED.built();
        return built.map(images -> String.format(
                        Locale.ROOT,
                        "built by nvcc %d.%d: machine code for %s, PTX for compute_%d",
                        images.toolkit() / 1000,
                        images.toolkit() % 1000 / 10,
                        images.architectures().stream().map(sm -> "sm_" + sm).collect(Collectors.joining(", ")),
                        images.ptx()))
                .orElse("as source only: this build found no nvcc");
    }

    private static Map<String, Object> fields(CudaDriver driver, MachineCard machine) {
        Map<String, Object> fields = new LinkedHashMap<>();
        List<Map<String, Object>> devices = new ArrayList<>();
        for (CudaDeviceInfo device : driver.devices()) {
            Map<String, Object> one = new LinkedHashMap<>();
            KernelChoice choice = KernelChoice.of(device);
            one.put("device", "cuda/" + device.index());
            one.put("name", device.name());
            one.put("compute_capability", device.capabilityText());
            one.put("multiprocessors", device.multiprocessors());
            one.put("memory_bytes", device.memoryBytes());
            one.put("driver", device.driverText());
            one.put("kernel_image", choice.image().name().toLowerCase(Locale.ROOT));
            one.put("kernels", choice.description());
            devices.add(one);
        }
        fields.put("cuda", devices);
        fields.put("cuda_absence", driver.absence().orElse(null));
        fields.put("kernels", built());
        fields.put("cpu", machine);
        return fields;
    }
}
