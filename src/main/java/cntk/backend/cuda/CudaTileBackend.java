package cntk.backend.cuda;

import cntk.backend.TileBackend;
import cntk.plan.Tile;

/** One device as a worker: hands the tiles to the device's own thread and waits. */
final class CudaTileBackend implements TileBackend {
    private final CudaSession session;
    private final OpenMatrix matrix;
    private boolean closed;

    CudaTileBackend(CudaSession session, OpenMatrix matrix) {
        this.session = session;
        this.matrix = matrix;
    }

    @Override
    public String name() {
        return "cuda/" + session.info().index();
    }

    @Override
    public int kernels() {
        return matrix.task().kernels();
    }

    @Override
    public void compute(Tile tile, double[] out) throws InterruptedException {
        session.compute(matrix, tile, out);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            session.leave(matrix);
        }
    }
}
