package cntk.backend.cuda;

import cntk.backend.WorkerLostException;
import cntk.backend.WorkerTooSmallException;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One device of a backend with its thread: the context, the kernels, the program with its images and the matrix in work. All of it is
 * touched on that thread alone; the methods that other threads call are those of {@link CudaTileBackend} and {@link CudaBackend}.
 */
final class CudaSession implements AutoCloseable {
    private final CudaDeviceInfo info;
    private final CudaLimits limits;
    private final Consumer<String> notices;
    private final DeviceThread thread;
    private final OnThread state;
    private volatile @Nullable String loss;

    /** What lives on the device's thread. */
    private static final class OnThread implements AutoCloseable {
        private final CudaDevice device;
        private final PlaneKernels kernels;
        private final String origin;
        private @Nullable ProgramOnDevice program;
        private @Nullable OpenMatrix open;
        private @Nullable MatrixOnDevice matrix;

        OnThread(CudaDeviceInfo info) {
            device = CudaDevice.open(info);
            boolean opened = false;
            kernels = new PlaneKernels(device);
            try {
                origin = kernels.origin(); // loads a file: if no code fits the device it is said now
                opened = true;
            } finally {
                if (!opened) {
                    close();
                }
            }
        }

        void closeMatrix() {
            if (matrix != null) {
                matrix.close();
            }
            matrix = null;
            open = null;
        }

        void closeProgram() {
            closeMatrix();
            if (program != null) {
                program.close();
            }
            program = null;
        }

        @Override
        public void close() {
            try (device;
                    kernels) {
                closeProgram();
            }
        }
    }

    /**
     * Starts the device.
     *
     * @throws CudaException if the driver refuses
     * @throws KernelException if no code fits the device
     */
    CudaSession(CudaDeviceInfo info, CudaLimits limits, Consumer<String> notices) {
        this.info = info;
        this.limits = limits;
        this.notices = notices;
        this.thread = new DeviceThread("cuda-" + info.index());
        boolean opened = false;
        try {
            this.state = thread.finish(() -> new OnThread(info));
            opened = true;
        } finally {
            if (!opened) {
                thread.end();
            }
        }
    }

    CudaDeviceInfo info() {
        return info;
    }

    /** Where the kernels came from. */
    String kernels() {
        return state.origin;
    }

    /** Why the device does no more work, null while it does. */
    @Nullable
    String loss() {
        return loss;
    }

    /**
     * Computes a tile of a matrix; other matrices that were in work on this device make room.
     *
     * @throws WorkerLostException if the device is of no more use
     * @throws CudaException if the tile may be tried again
     */
    void compute(OpenMatrix wanted, cntk.plan.Tile tile, double[] out) throws InterruptedException {
        if (loss != null) {
            throw new WorkerLostException("CUDA device " + info.index() + " was given up: " + loss, null);
        }
        try {
            thread.call(() -> matrix(wanted).compute(tile, out));
        } catch (CudaException e) {
            CudaException told = e.during("tile " + tile);
            if (e.leavesDeviceUsable()) {
                throw told;
            }
            throw lost(told);
        } catch (KernelException e) {
            throw lost(e);
        } catch (WorkerTooSmallException e) {
            loss = e.getMessage();
            throw e;
        }
    }

    private WorkerLostException lost(RuntimeException cause) {
        String reason = String.valueOf(cause.getMessage());
        loss = reason;
        return new WorkerLostException(reason, cause);
    }

    private MatrixOnDevice matrix(OpenMatrix wanted) {
        MatrixOnDevice known = state.matrix;
        if (known != null && wanted.equals(state.open)) {
            return known;
        }
        state.closeMatrix();
        ProgramOnDevice program = program(wanted);
        boolean flip = wanted.task().flip();
        SourceImages rows = wanted.rows();
        SourceImages cols = wanted.cols();
        List<DeviceImages> sets = program.images(
                flip ? List.of(rows, cols, rows.mirrored(), cols.mirrored()) : List.of(rows, cols, rows, cols));
        MatrixOnDevice made = new MatrixOnDevice(wanted.task(), program, thread, sets, notices);
        state.matrix = made;
        state.open = wanted;
        return made;
    }

    private ProgramOnDevice program(OpenMatrix wanted) {
        ProgramOnDevice known = state.program;
        if (known != null && known.program().equals(wanted.program())) {
            return known;
        }
        state.closeProgram();
        int channels = wanted.rows().images().shape().channels();
        ProgramOnDevice made = new ProgramOnDevice(
                state.device, state.kernels, wanted.program(), channels, wanted.precision(), limits, notices);
        state.program = made;
        return made;
    }

    /** Frees what the matrix needed beside its images, if it is still in work. */
    void leave(OpenMatrix matrix) {
        Boolean _ = thread.finish(() -> {
            if (matrix.equals(state.open)) {
                state.closeMatrix();
            }
            return true;
        });
    }

    /** Closes everything, also on a device that was lost, and ends the thread. */
    @Override
    public void close() {
        try {
            Boolean _ = thread.finish(() -> {
                state.close();
                return true;
            });
        } finally {
            thread.end();
        }
    }
}
