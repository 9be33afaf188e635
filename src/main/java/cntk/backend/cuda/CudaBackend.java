package cntk.backend.cuda;

import cntk.backend.BackendUnavailableException;
import cntk.backend.KernelBackend;
import cntk.backend.LargestVariance;
import cntk.backend.TileBackend;
import cntk.dataset.ImageSet;
import cntk.dataset.InputException;
import cntk.plan.KernelTask;
import cntk.plan.PlaneProgram;
import cntk.plan.Precision;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Displacement planes on CUDA devices: every network, in float or double, one worker per device. Images and their factors
 * are computed once per device and stay there from matrix to matrix where memory allows.
 */
public final class CudaBackend implements KernelBackend {
    private final KernelTask task;
    private final Precision precision;
    private final CudaResources opened = new CudaResources();
    private final List<CudaSession> sessions = new ArrayList<>();
    private final List<TileBackend> workers = new ArrayList<>();
    private final ImageNumbers numbers = new ImageNumbers();
    private final IdentityHashMap<ImageSet, SourceImages> sources = new IdentityHashMap<>();
    private final IdentityHashMap<ImageSet, Double> variances = new IdentityHashMap<>();
    private double largestVariance;
    private @Nullable PlaneProgram program;
    private volatile Consumer<String> listener = _ -> {};

    /**
     * A backend for one task on these devices, which are opened now.
     *
     * @throws InputException if the networks of the task share no sweep
     * @throws CudaException if the driver refuses a device
     * @throws KernelException if no kernel image fits a device
     */
    public CudaBackend(KernelTask task, Precision precision, List<CudaDeviceInfo> devices) {
        this(task, precision, devices, CudaLimits.USUAL);
    }

    CudaBackend(KernelTask task, Precision precision, List<CudaDeviceInfo> devices, CudaLimits limits) {
        if (devices.isEmpty()) {
            throw new IllegalArgumentException("no devices");
        }
        PlaneProgram _ = PlaneProgram.of(task.networks(), precision, 1); // refuses now what it could not compute later
        this.task = task;
        this.precision = precision;
        boolean all = false;
        try {
            for (CudaDeviceInfo device : devices) {
                sessions.add(opened.add(new CudaSession(device, limits, this::tell)));
            }
            all = true;
        } finally {
            if (!all) {
                opened.close();
            }
        }
    }

    /** Bytes that an image takes on a device, its factors included. */
    public static long imageBytes(KernelTask task, Precision precision) {
        return PlaneTables.imageBytes(
                PlaneProgram.of(task.networks(), precision, 1), task.input().channels(), precision);
    }

    /** The devices of this machine that start, with what keeps the others from it. */
    public record Startable(List<CudaDeviceInfo> devices, List<String> failures) {
        public Startable {
            devices = List.copyOf(devices);
            failures = List.copyOf(failures);
        }

        /** Why there is no device; empty if there is one. */
        public Optional<String> absence() {
            return devices.isEmpty() ? Optional.of(String.join("; ", failures)) : Optional.empty();
        }
    }

    /** Tries every device: opens it, loads a kernel, closes it. */
    public static Startable startable() {
        CudaDriver driver = CudaDriver.find();
        List<CudaDeviceInfo> devices = new ArrayList<>();
        List<String> failures = new ArrayList<>();
        driver.absence().ifPresent(failures::add);
        for (CudaDeviceInfo device : driver.devices()) {
            try (CudaSession _ = new CudaSession(device, CudaLimits.USUAL, _ -> {})) {
                devices.add(device);
            } catch (CudaException | KernelException e) {
                failures.add(String.valueOf(e.getMessage()));
            }
        }
        return new Startable(devices, failures);
    }

    private void tell(String notice) {
        listener.accept(notice);
    }

    @Override
    public void listen(Consumer<String> notices) {
        listener = notices;
    }

    @Override
    public String name() {
        return "cuda";
    }

    @Override
    public String description() {
        CudaSession first = sessions.getFirst();
        String devices = String.join(
                ", ",
                sessions.stream()
                        .map(session ->
                                session.info().index() + ": " + session.info().name())
                        .toList());
        return "displacement planes in " + precision.word() + " on CUDA device " + devices + "; kernels: "
                + first.kernels();
    }

    @Override
    public List<TileBackend> open(ImageSet rows, ImageSet cols) {
        task.requireShape(rows);
        task.requireShape(cols);
        OpenMatrix matrix = new OpenMatrix(task, precision, program(rows, cols), source(rows), source(cols));
        List<TileBackend> all = new ArrayList<>();
        List<String> losses = new ArrayList<>();
        for (CudaSession session : sessions) {
            String loss = session.loss();
            if (loss == null) {
                all.add(new CudaTileBackend(session, matrix));
            } else {
                losses.add(loss);
            }
        }
        if (all.isEmpty()) {
            throw new BackendUnavailableException("no CUDA device is left: " + String.join("; ", losses));
        }
        workers.addAll(all);
        return all;
    }

    private SourceImages source(ImageSet images) {
        return sources.computeIfAbsent(images, set -> SourceImages.of(set, numbers, task.flip()));
    }

    /** The units of the program follow from the brightest pixel of all sets so far. */
    private PlaneProgram program(ImageSet rows, ImageSet cols) {
        double largest = largestVariance;
        for (ImageSet set : List.of(rows, cols)) {
            largest = Math.max(largest, variances.computeIfAbsent(set, LargestVariance::of));
        }
        largestVariance = largest;
        PlaneProgram wanted = PlaneProgram.of(task.networks(), precision, largest);
        PlaneProgram known = program;
        if (known != null && known.inputExponent() == wanted.inputExponent()) {
            return known;
        }
        program = wanted;
        return wanted;
    }

    @Override
    public void close() {
        try (opened) {
            workers.forEach(TileBackend::close);
        }
        workers.clear();
        sources.clear();
        variances.clear();
    }
}
