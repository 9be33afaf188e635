package cntk.backend.cuda;

import cntk.backend.GpuBenchmark;

/**
 * Times by CUDA events on a stream of its own: each event is passed as soon as it is recorded, so that the time is that between the two
 * calls on the device's clock. Belongs to the thread that made it.
 */
public final class EventStopwatch implements GpuBenchmark.Stopwatch, AutoCloseable {
    private final CudaResources opened = new CudaResources();
    private final CudaStream stream;
    private final CudaEvent begin;
    private final CudaEvent end;

    /**
     * Opens the device beside whoever else uses it: the context is the primary one.
     *
     * @throws CudaException if the driver refuses
     */
    public EventStopwatch(CudaDeviceInfo info) {
        try {
            CudaDevice device = opened.add(CudaDevice.open(info));
            stream = opened.add(device.stream());
            begin = opened.add(device.event());
            end = opened.add(device.event());
        } catch (RuntimeException failure) {
            opened.close();
            throw failure;
        }
    }

    @Override
    public void start() {
        begin.record(stream);
        begin.synchronize();
    }

    @Override
    public double seconds() {
        end.record(stream);
        end.synchronize();
        return end.millisecondsSince(begin) * 1e-3;
    }

    @Override
    public void close() {
        opened.close();
    }
}
