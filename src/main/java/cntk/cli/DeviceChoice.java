package cntk.cli;

import cntk.backend.Backends;
import cntk.backend.DeviceSet;
import cntk.backend.cuda.CudaDeviceInfo;
import cntk.backend.cuda.CudaDriver;
import cntk.dataset.InputException;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What {@code --backend} and {@code --devices} ask for together, held against the devices that there are.
 *
 * @param kernel what computes the kernel
 * @param solver GPUs on which the regression may be solved
 */
record DeviceChoice(DeviceSet kernel, List<CudaDeviceInfo> solver) implements KernelSite {
    private static final Pattern WORDS = Pattern.compile("cpu|(all|\\d{1,9}(?:,\\d{1,9})*)(\\+cpu)?");

    /**
     * Decides.
     *
     * @param devices the value of {@code --devices}; empty where it was not given
     * @throws InputException for what cannot be meant, or a device that is not there
     * @throws cntk.backend.BackendUnavailableException if GPUs are asked for and there are none, with the reason
     */
    static DeviceChoice of(Backends.Choice backend, Optional<String> devices, CudaDriver driver) {
        if (devices.isEmpty()) {
            DeviceSet kernel = DeviceSet.of(backend);
            return new DeviceChoice(kernel, kernel.gpus().isEmpty() ? driver.devices() : kernel.gpus());
        }
        DeviceSet asked = asked(devices.get(), driver);
        boolean contradicts = switch (backend) {
            case AUTO -> false;
            case CPU, CUDA -> !asked.backend().equals(backend.word());
            case ORACLE -> true;
        };
        if (contradicts) {
            throw new InputException("--backend " + backend.word() + " and --devices " + devices.get()
                    + " contradict each other\nhint: leave one of them out");
        }
        return new DeviceChoice(asked, asked.gpus());
    }

    @Override
    public KernelSession start(KernelTask task, Precision precision, int threads) {
        return new LocalSession(Backends.pick(kernel, task, precision, threads));
    }

    private static DeviceSet asked(String text, CudaDriver driver) {
        Matcher words = WORDS.matcher(text);
        if (!words.matches()) {
            throw new InputException("--devices is '" + text
                    + "', expected numbers such as 0,2, or all, all+cpu or cpu; " + known(driver));
        }
        String gpus = words.group(1);
        if (gpus == null) {
            return DeviceSet.cpu("asked for");
        }
        List<CudaDeviceInfo> all = DeviceSet.allOf(driver);
        return new DeviceSet(
                false, gpus.equals("all") ? all : listed(gpus, driver), words.group(2) != null, "asked for");
    }

    private static List<CudaDeviceInfo> listed(String numbers, CudaDriver driver) {
        List<CudaDeviceInfo> listed = new ArrayList<>();
        for (String number : numbers.split(",")) {
            int index = Integer.parseInt(number);
            CudaDeviceInfo gpu = driver.devices().stream()
                    .filter(device -> device.index() == index)
                    .findFirst()
                    .orElseThrow(() -> new InputException(
                            "--devices " + numbers + ": there is no GPU " + index + "; " + known(driver)));
            if (listed.contains(gpu)) {
                throw new InputException("--devices " + numbers + " names GPU " + index + " twice");
            }
            listed.add(gpu);
        }
        return listed;
    }

    private static String known(CudaDriver driver) {
        return driver.absence()
                .orElseGet(() -> "there are "
                        + driver.devices().stream()
                                .map(device -> device.index() + " (" + device.name() + ")")
                                .collect(Collectors.joining(", ")));
    }
}
