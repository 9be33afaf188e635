package cntk.backend;

import cntk.dataset.FlippedImages;
import cntk.dataset.ImageSet;
import cntk.maths.CntkRecursion;
import cntk.maths.KernelPair;
import cntk.maths.PreparedImage;
import cntk.plan.KernelTask;
import cntk.plan.Tile;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;

/** The oracle as a backend: every network the parser accepts, in double precision, slowly, each network by itself. */
public final class OracleBackend implements KernelBackend {
    private final KernelTask task;
    private final int threads;

    /**
     * @param threads number of workers that {@link #open} gives
     */
    public OracleBackend(KernelTask task, int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads is " + threads + ", but must be at least 1");
        }
        this.task = task;
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
        task.requireShape(rows);
        task.requireShape(cols);
        PreparedImages preparedRows = new PreparedImages(rows, task.kernels());
        PreparedImages preparedCols = rows == cols ? preparedRows : new PreparedImages(cols, task.kernels());
        List<TileBackend> workers = new ArrayList<>();
        for (int worker = 0; worker < threads; worker++) {
            workers.add(new Worker("oracle/" + worker, preparedRows, preparedCols));
        }
        return workers;
    }

    @Override
    public void close() {
        // holds nothing but memory
    }

    /**
     * Images of a set and their mirror images, prepared for a network when first asked for and kept; two threads may prepare the same
     * image, to the same bits.
     */
    private static final class PreparedImages {
        private final ImageSet images;
        private final ImageSet mirrored;
        private final AtomicReferenceArray<PreparedImage> prepared; // [network][image, mirror image]

        PreparedImages(ImageSet images, int networks) {
            this.images = images;
            this.mirrored = FlippedImages.of(images);
            this.prepared = new AtomicReferenceArray<>(2 * images.count() * networks);
        }

        PreparedImage get(int image, boolean mirror, int network, CntkRecursion recursion) {
            int place = 2 * (network * images.count() + image) + (mirror ? 1 : 0);
            PreparedImage known = prepared.get(place);
            if (known != null) {
                return known;
            }
            double[] values = new double[images.shape().values()];
            (mirror ? mirrored : images).read(image, values);
            PreparedImage made = recursion.prepare(values);
            prepared.set(place, made);
            return made;
        }
    }

    private final class Worker implements TileBackend {
        private final String name;
        private final PreparedImages rows;
        private final PreparedImages cols;
        private final List<CntkRecursion> recursions =
                task.networks().stream().map(CntkRecursion::of).toList();

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
        public int kernels() {
            return task.kernels();
        }

        @Override
        public void compute(Tile tile, double[] out) throws InterruptedException {
            for (int network = 0; network < task.kernels(); network++) {
                compute(tile, network, out);
            }
            if (task.unitDiagonal()) {
                UnitDiagonal.scale(
                        tile,
                        task.kernels(),
                        out,
                        (network, row) -> kernel(network, rows, row, rows, row),
                        (network, col) -> kernel(network, cols, col, cols, col));
            }
        }

        private void compute(Tile tile, int network, double[] out) throws InterruptedException {
            boolean symmetric = rows == cols;
            int first = network * tile.entries();
            for (int row = tile.rowBegin(); row < tile.rowEnd(); row++) {
                for (int col = tile.colBegin(); col < tile.colEnd(); col++) {
                    if (Thread.interrupted()) {
                        throw new InterruptedException();
                    }
                    int at = first + (row - tile.rowBegin()) * tile.cols() + col - tile.colBegin();
                    boolean mirrorIsDone = col < row && tile.rowBegin() <= col && row < tile.colEnd();
                    out[at] = symmetric && mirrorIsDone
                            ? out[first + (col - tile.rowBegin()) * tile.cols() + row - tile.colBegin()]
                            : entry(network, row, col, symmetric);
                }
            }
        }

        /** Sums over pixel pairs depend on their order: of a symmetric pair always the smaller number comes first. */
        private double entry(int network, int row, int col, boolean symmetric) {
            int first = symmetric ? Math.min(row, col) : row;
            int second = symmetric ? Math.max(row, col) : col;
            return kernel(network, rows, first, cols, second);
        }

        private double kernel(int network, PreparedImages setA, int a, PreparedImages setB, int b) {
            double plain = kernel(network, setA, a, setB, b, false);
            return task.flip() ? plain / 2 + kernel(network, setA, a, setB, b, true) / 2 : plain;
        }

        private double kernel(int network, PreparedImages setA, int a, PreparedImages setB, int b, boolean mirror) {
            CntkRecursion recursion = recursions.get(network);
            KernelPair kernels =
                    recursion.evaluate(setA.get(a, false, network, recursion), setB.get(b, mirror, network, recursion));
            return switch (task.kind()) {
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
