package cntk.backend;

import cntk.arch.Network;
import cntk.dataset.ImageSet;
import cntk.dataset.InputException;
import cntk.maths.CntkRecursion;
import cntk.maths.KernelPair;
import cntk.maths.PreparedImage;
import cntk.plan.KernelKind;
import cntk.plan.Tile;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;

/** The oracle as a backend: every network the parser accepts, in double precision, slowly. */
public final class OracleBackend implements KernelBackend {
    private final Network network;
    private final KernelKind kind;
    private final int threads;

    /**
     * @param threads number of workers that {@link #open} gives
     */
    public OracleBackend(Network network, KernelKind kind, int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads is " + threads + ", but must be at least 1");
        }
        kind.requireOf(network);
        this.network = network;
        this.kind = kind;
        this.threads = threads;
    }

    @Override
    public String name() {
        return "oracle";
    }

    @Override
    public String description() {
        return "plain double loops over pixel pairs, " + threads + (threads == 1 ? " thread" : " threads");
    }

    @Override
    public List<TileBackend> open(ImageSet rows, ImageSet cols) {
        checkShape(rows);
        checkShape(cols);
        PreparedImages preparedRows = new PreparedImages(rows);
        PreparedImages preparedCols = rows == cols ? preparedRows : new PreparedImages(cols);
        List<TileBackend> workers = new ArrayList<>();
        for (int worker = 0; worker < threads; worker++) {
            workers.add(new Worker("oracle/" + worker, preparedRows, preparedCols));
        }
        return workers;
    }

    private void checkShape(ImageSet images) {
        if (!images.shape().equals(network.input())) {
            throw new InputException(
                    images.name() + " has images of " + images.shape() + ", but the network reads " + network.input());
        }
    }

    @Override
    public void close() {
        // holds nothing but memory
    }

    /** Images prepared when first asked for and kept; two threads may prepare the same image, to the same bits. */
    private static final class PreparedImages {
        private final ImageSet images;
        private final AtomicReferenceArray<PreparedImage> prepared;

        PreparedImages(ImageSet images) {
            this.images = images;
            this.prepared = new AtomicReferenceArray<>(images.count());
        }

        PreparedImage get(int image, CntkRecursion recursion) {
            PreparedImage known = prepared.get(image);
            if (known != null) {
                return known;
            }
            double[] values = new double[images.shape().values()];
            images.read(image, values);
            PreparedImage made = recursion.prepare(values);
            prepared.set(image, made);
            return made;
        }
    }

    private final class Worker implements TileBackend {
        private final String name;
        private final PreparedImages rows;
        private final PreparedImages cols;
        private final CntkRecursion recursion = CntkRecursion.of(network);

        Worker(String name, PreparedImages rows, PreparedImages cols) {
            this.name = name;
            this.rows = rows;
            this.cols = cols;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public void compute(Tile tile, double[] out) throws InterruptedException {
            boolean symmetric = rows == cols;
            for (int row = tile.rowBegin(); row < tile.rowEnd(); row++) {
                for (int col = tile.colBegin(); col < tile.colEnd(); col++) {
                    int at = (row - tile.rowBegin()) * tile.cols() + col - tile.colBegin();
                    boolean mirrorIsDone = col < row && tile.rowBegin() <= col && row < tile.colEnd();
                    out[at] = symmetric && mirrorIsDone
                            ? out[(col - tile.rowBegin()) * tile.cols() + row - tile.colBegin()]
                            : entry(row, col, symmetric);
                }
            }
        }

        private double entry(int row, int col, boolean symmetric) throws InterruptedException {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            // Sums over pixel pairs depend on their order: of a symmetric pair always the smaller number comes first.
            int first = symmetric ? Math.min(row, col) : row;
            int second = symmetric ? Math.max(row, col) : col;
            KernelPair kernels = recursion.evaluate(rows.get(first, recursion), cols.get(second, recursion));
            return switch (kind) {
                case NTK -> kernels.ntk();
                case NNGP -> kernels.nngp();
            };
        }

        @Override
        public void close() {
            // holds nothing but memory
        }
    }
}
