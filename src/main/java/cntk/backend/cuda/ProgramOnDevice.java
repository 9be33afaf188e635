package cntk.backend.cuda;

import cntk.backend.WorkerTooSmallException;
import cntk.plan.PlaneProgram;
import cntk.plan.Precision;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A plane program on one device with the images that were brought there for it. Device memory goes first to the workspace of the
 * factors, then to images up to what leaves batches their share, then to batches.
 */
final class ProgramOnDevice implements AutoCloseable {
    /** Of what is free: more would only make batches wait for one another. */
    private static final int WORKSPACE_SHARE = 8;

    private static final int BATCH_SHARE = 4;
    private static final int LEAST_BLOCKS = 2; // of a set: a tile's rows and columns may be of one set
    private static final int MOST_HALVINGS = 6;

    private final CudaDevice device;
    private final CudaLimits limits;
    private final Consumer<String> notices;
    private final long freeAtFirst;
    private final PlaneProgram program;
    private final CudaStream stream;
    private final PlaneTables tables;
    private final PlaneLaunches launches;
    private final IdentityHashMap<SourceImages, DeviceImages> images = new IdentityHashMap<>();
    private @Nullable FactorWorkspace workspace;

    ProgramOnDevice(
            CudaDevice device,
            PlaneKernels kernels,
            PlaneProgram program,
            int channels,
            Precision precision,
            CudaLimits limits,
            Consumer<String> notices) {
        this.device = device;
        this.limits = limits;
        this.notices = notices;
        this.freeAtFirst = device.freeBytes();
        this.program = program;
        this.stream = device.stream();
        boolean opened = false;
        try {
            this.tables = new PlaneTables(device, stream, program, channels, precision, limits.registers());
            this.launches = new PlaneLaunches(device, kernels, tables);
            opened = true;
        } finally {
            if (!opened) {
                stream.close();
            }
        }
    }

    PlaneProgram program() {
        return program;
    }

    PlaneTables tables() {
        return tables;
    }

    /** Makes images {@code begin..end}, which lie in one span, ready; {@code idle} is run before others have to go. */
    void load(DeviceImages set, int begin, int end, Runnable idle) {
        if (!set.has(begin, end)) {
            idle.run();
            set.load(begin, end, workspace());
        }
    }

    /** The rooms of these sets, kept from matrix to matrix where memory allows. */
    List<DeviceImages> images(List<SourceImages> wanted) {
        FactorWorkspace _ = workspace();
        int halvings = 0;
        while (!images.keySet().containsAll(wanted)) {
            try {
                allocate(wanted, halvings);
            } catch (CudaException e) {
                closeImages();
                if (!e.isOutOfMemory() || halvings == MOST_HALVINGS) {
                    throw e;
                }
                halvings++;
                notices.accept(name() + ": out of memory; goes on with half the room for images");
            }
        }
        return wanted.stream().map(images::get).toList();
    }

    private void allocate(List<SourceImages> wanted, int halvings) {
        List<SourceImages> missing = missing(wanted);
        long room = imageRoom() >> halvings;
        if (bytes(missing) > room) {
            closeImages();
            missing = missing(wanted);
            room = imageRoom() >> halvings;
        }
        long needed = bytes(missing);
        for (SourceImages set : missing) {
            int blocks = DeviceImages.blocks(set, limits.block());
            int places = needed <= room ? blocks : places(set, missing, room);
            images.put(set, new DeviceImages(device, tables, set, limits.block(), places));
        }
    }

    /** Blocks of a set's share of the room: two at least, the rest by the size of the sets. */
    private int places(SourceImages set, List<SourceImages> missing, long room) {
        long blockBytes = limits.block() * tables.imageBytes();
        long spare = room / blockBytes - (long) LEAST_BLOCKS * missing.size();
        if (spare < 0) {
            throw new WorkerTooSmallException(String.format(
                    Locale.ROOT,
                    "%s has %.2f GiB left, too little for %d images of this network at %.1f MiB each and a batch of pairs at"
                            + " %.1f MiB each%nhint: --backend cpu, a larger device, or a smaller network",
                    name(),
                    free() / 0x1p30,
                    LEAST_BLOCKS * missing.size() * limits.block(),
                    tables.imageBytes() / 0x1p20,
                    tables.pairBytes() / 0x1p20));
        }
        long all = missing.stream().mapToLong(SourceImages::count).sum();
        return Math.toIntExact(LEAST_BLOCKS + spare * set.count() / all);
    }

    private List<SourceImages> missing(List<SourceImages> wanted) {
        return wanted.stream()
                .filter(set -> !images.containsKey(set))
                .distinct()
                .toList();
    }

    private long bytes(List<SourceImages> sets) {
        return sets.stream().mapToLong(set -> set.count() * tables.imageBytes()).sum();
    }

    /** What images may take: not the share of the batches. */
    private long imageRoom() {
        long free = free();
        long batches = 2 * Math.addExact(scratchBytes(), limits.pairs() * tables.pairBytes());
        MemoryBudget budget = MemoryBudget.of(free, Math.min(batches, free / BATCH_SHARE), 1, 1);
        return budget.pairs(Long.MAX_VALUE);
    }

    /** Pairs of a batch when two of them share what is free; at least one. */
    int batchPairs() {
        MemoryBudget budget = MemoryBudget.of(free(), 2 * scratchBytes(), tables.pairBytes(), 2);
        return Math.toIntExact(Math.max(1, budget.pairs(limits.pairs())));
    }

    private long scratchBytes() {
        return BatchLane.scratchBytes(tables, launches);
    }

    /** Two lanes for batches of so many pairs. */
    List<BatchLane> lanes(int pairs) {
        List<BatchLane> lanes = new ArrayList<>();
        boolean opened = false;
        try {
            lanes.add(new BatchLane(device, tables, launches, pairs));
            lanes.add(new BatchLane(device, tables, launches, pairs));
            opened = true;
            return lanes;
        } finally {
            if (!opened) {
                lanes.forEach(BatchLane::close);
            }
        }
    }

    private FactorWorkspace workspace() {
        FactorWorkspace known = workspace;
        if (known != null) {
            return known;
        }
        int most = FactorWorkspace.images(tables, free() / WORKSPACE_SHARE);
        while (true) {
            try {
                FactorWorkspace made = new FactorWorkspace(device, tables, launches, stream, most);
                workspace = made;
                return made;
            } catch (CudaException e) {
                if (!e.isOutOfMemory() || most == 1) {
                    throw e;
                }
                most /= 2;
                notices.accept(name() + ": out of memory; computes the factors of " + most + " images at a time");
            }
        }
    }

    /** Bytes of the device that may still be taken. */
    private long free() {
        long free = device.freeBytes();
        long taken = Math.max(0, freeAtFirst - free);
        return Math.clamp(limits.bytes() - taken, 0, free);
    }

    private String name() {
        return "CUDA device " + device.info().index();
    }

    private void closeImages() {
        images.values().forEach(DeviceImages::close);
        images.clear();
    }

    @Override
    public void close() {
        closeImages();
        if (workspace != null) {
            workspace.close();
        }
        tables.close();
        stream.close();
    }
}
