package cntk.solve;

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
        Finite.copy(source, matrix::putColumn, matrix::get);
    }

    @Override
    public void close() {
        matrix.close();
    }
}
