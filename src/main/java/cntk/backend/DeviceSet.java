package cntk.backend;

import cntk.arch.Network;
import cntk.backend.cuda.CudaBackend;
import cntk.backend.cuda.CudaDeviceInfo;
import cntk.backend.cuda.CudaDriver;
import cntk.plan.CostModel;
import cntk.plan.Precision;
import java.util.List;

/**
 * The devices that compute a kernel: the oracle alone, or GPUs, or the CPU, or GPUs and the CPU from one queue.
 *
 * @param reason why these: one phrase for the log and the run record
 */
public record DeviceSet(boolean oracle, List<CudaDeviceInfo> gpus, boolean cpu, String reason)
        implements KernelDevices {
    /** Of a CPU thread's time, where GPUs and the CPU share tiles: half a minute there, a tenth of a second on a GPU. */
    private static final double SHARED_SHARE = 1.0 / 10;

    public DeviceSet {
        gpus = List.copyOf(gpus);
        if (oracle ? cpu || !gpus.isEmpty() : !cpu && gpus.isEmpty()) {
            throw new IllegalArgumentException("oracle " + oracle + ", cpu " + cpu + ", " + gpus.size() + " GPUs");
        }
    }

    /**
     * What a choice of backend means on this machine: {@code auto} is every GPU that starts, or else the CPU.
     *
     * @throws BackendUnavailableException if GPUs are asked for and there are none, with the reason
     */
    public static DeviceSet of(Backends.Choice choice) {
        return switch (choice) {
            case CPU -> cpu("asked for");
            case ORACLE -> new DeviceSet(true, List.of(), false, "asked for");
            case CUDA -> {
                CudaBackend.Startable cuda = CudaBackend.startable();
                cuda.absence().ifPresent(DeviceSet::refuse);
                yield new DeviceSet(false, cuda.devices(), false, "asked for" + without(cuda));
            }
            case AUTO -> {
                CudaBackend.Startable cuda = CudaBackend.startable();
                yield cuda.absence()
                        .map(absence -> cpu("picked by auto: " + firstLine(absence)))
                        .orElseGet(() -> new DeviceSet(
                                false,
                                cuda.devices(),
                                false,
                                "picked by auto: " + counted(cuda.devices()) + without(cuda)));
            }
        };
    }

    public static DeviceSet cpu(String reason) {
        return new DeviceSet(false, List.of(), true, reason);
    }

    /** Every GPU; throws {@link BackendUnavailableException} if there is none. */
    public static List<CudaDeviceInfo> allOf(CudaDriver driver) {
        driver.absence().ifPresent(DeviceSet::refuse);
        return driver.devices();
    }

    private static void refuse(String absence) {
        throw new BackendUnavailableException("the cuda backend cannot start: " + absence);
    }

    private static String without(CudaBackend.Startable cuda) {
        return cuda.failures().isEmpty() ? "" : "; left out: " + firstLine(String.join("; ", cuda.failures()));
    }

    /** Without hints: what is missing for something that nobody asked for is no call to act. */
    private static String firstLine(String text) {
        return text.lines().findFirst().orElse(text);
    }

    @Override
    public String backend() {
        if (oracle) {
            return "oracle";
        }
        return gpus.isEmpty() ? "cpu" : cpu ? "cuda+cpu" : "cuda";
    }

    @Override
    public boolean mixed() {
        return cpu && !gpus.isEmpty();
    }

    @Override
    public double nanosPerPair(Network network, Precision precision) {
        if (oracle) {
            return CostModel.oracleNanosPerPair(network);
        }
        if (mixed()) {
            return SHARED_SHARE * CostModel.nanosPerPair(network, precision);
        }
        return cpu ? CostModel.nanosPerPair(network, precision) : CostModel.cudaNanosPerPair(network, precision);
    }

    private static String counted(List<CudaDeviceInfo> gpus) {
        return gpus.size() == 1 ? "one CUDA device starts" : gpus.size() + " CUDA devices start";
    }
}
