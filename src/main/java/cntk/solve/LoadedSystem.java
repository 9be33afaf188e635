package cntk.solve;

import org.jspecify.annotations.Nullable;

/** The one copy in memory of a kernel matrix that is to be factorised, which can be loaded again after it was destroyed. */
final class LoadedSystem implements AutoCloseable {
    private static final double NEARLY_EQUAL = 1 - 1e-6;

    private final KernelSource source;
    private final CholeskyStorage matrix;
    private @Nullable String sha256;

    /** @param matrix taken over */
    LoadedSystem(KernelSource source, CholeskyStorage matrix) {
        this.source = source;
        this.matrix = matrix;
    }

    CholeskyStorage matrix() {
        return matrix;
    }

    /** SHA-256 of the kernel that was loaded, in hexadecimal digits. */
    String sha256() {
        if (sha256 == null) {
            throw new IllegalStateException("nothing is loaded");
        }
        return sha256;
    }

    /** Writes the kernel into the matrix; throws {@link NonFiniteKernelException} for NaN or infinity. */
    void load(SolveListener listener) {
        KernelHash hash = sha256 == null ? KernelHash.start() : null; // the same every time
        Share share = new Share(listener, source.size());
        LowerTriangleSink sink = (col, row, values, from, count) -> {
            matrix.put(col, row, values, from, count);
            if (hash != null) {
                hash.put(col, row, values, from, count);
            }
            share.add(count);
        };
        Finite.copy(source, sink, matrix::get);
        if (hash != null) {
            sha256 = hash.hex();
        }
    }

    /** Why the row of {@code image} may depend on those before it, as the end of a sentence; empty if not obvious. */
    String dependence(int image) {
        double own = matrix.get(image, image);
        if (!(own > 0)) {
            return ", whose diagonal entry is " + own;
        }
        int closest = -1;
        double highest = NEARLY_EQUAL;
        for (int other = 0; other < image; other++) {
            double correlation = matrix.get(image, other) / Math.sqrt(own * matrix.get(other, other));
            if (correlation > highest) {
                highest = correlation;
                closest = other;
            }
        }
        return closest < 0 ? "" : ", nearly a copy of image " + closest;
    }

    @Override
    public void close() {
        matrix.close();
    }

    /** Tells of every hundredth of the entries. */
    private static final class Share {
        private static final int STEPS = 100;

        private final SolveListener listener;
        private final double entries;
        private long read;
        private int told;

        Share(SolveListener listener, int size) {
            this.listener = listener;
            this.entries = size * (size + 1.0) / 2;
        }

        synchronized void add(int count) {
            read += count;
            int step = (int) (STEPS * read / entries);
            if (step > told) {
                told = step;
                listener.at(SolveListener.Stage.READ, read / entries);
            }
        }
    }
}
