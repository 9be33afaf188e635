package cntk.solve;

import java.util.concurrent.atomic.AtomicBoolean;

/** The one copy in memory of a kernel matrix, lower triangle, which can be loaded again after it was destroyed. */
final class LoadedKernel implements AutoCloseable {
    private final KernelSource source;
    private final NativeMatrix matrix;

    LoadedKernel(KernelSource source) {
        this.source = source;
        this.matrix = NativeMatrix.zeros(source.size(), source.size());
    }

    NativeMatrix matrix() {
        return matrix;
    }

    /** Writes the kernel into the matrix; throws {@link NonFiniteKernelException} for NaN or infinity. */
    void load() {
        AtomicBoolean finite = new AtomicBoolean(true);
        source.writeTo((col, row, values, from, count) -> {
            matrix.putColumn(col, row, values, from, count);
            if (!Finite.all(values, from, count)) {
                finite.set(false);
            }
        });
        if (!finite.get()) {
            throw firstNonFinite();
        }
    }

    /** The first in row order of the upper triangle, which stands in the columns of the lower one. */
    private NonFiniteKernelException firstNonFinite() {
        for (int upperRow = 0; upperRow < matrix.cols(); upperRow++) {
            for (int upperCol = upperRow; upperCol < matrix.rows(); upperCol++) {
                double value = matrix.get(upperCol, upperRow);
                if (!Double.isFinite(value)) {
                    return new NonFiniteKernelException("training kernel", upperRow, upperCol, value);
                }
            }
        }
        throw new IllegalStateException("a kernel source wrote outside the lower triangle");
    }

    @Override
    public void close() {
        matrix.close();
    }
}
