package cntk.spark;

import cntk.backend.KernelBackend;
import cntk.backend.TileBackend;
import cntk.dataset.ImageSet;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * One backend of an executor and its workers for the matrix at hand, each of which one task has at a time. Workers of an
 * earlier matrix are closed as they come back.
 */
final class DevicePool implements AutoCloseable {
    private final KernelBackend backend;
    private final boolean grows;

    // Guarded by this.
    private String matrix = "";
    private final Deque<TileBackend> idle = new ArrayDeque<>();
    private final List<TileBackend> lent = new ArrayList<>();
    private boolean closed;

    /** @param grows whether to open another worker where none is idle, instead of waiting for one: threads, not GPUs */
    DevicePool(KernelBackend backend, boolean grows) {
        this.backend = backend;
        this.grows = grows;
    }

    KernelBackend backend() {
        return backend;
    }

    /** A worker for K[rows, cols]; to be given back. */
    synchronized TileBackend borrow(String name, ImageSet rows, ImageSet cols) throws InterruptedException {
        if (!name.equals(matrix)) {
            closeIdle();
            matrix = name;
            lent.clear(); // theirs is another matrix: they are closed when they come back
        }
        while (idle.isEmpty() && !grows && !lent.isEmpty()) {
            wait();
        }
        if (idle.isEmpty()) {
            idle.addAll(backend.open(rows, cols));
        }
        TileBackend worker = idle.removeFirst();
        lent.add(worker);
        return worker;
    }

    synchronized void giveBack(TileBackend worker) {
        if (!lent.remove(worker)) {
            worker.close();
        } else {
            idle.addFirst(worker);
        }
        notifyAll();
        if (closed) {
            close();
        }
    }

    private void closeIdle() {
        idle.forEach(TileBackend::close);
        idle.clear();
    }

    /** Closes the backend now, or when the last worker comes back. */
    @Override
    public synchronized void close() {
        closed = true;
        closeIdle();
        if (lent.isEmpty()) {
            backend.close();
        }
    }
}
