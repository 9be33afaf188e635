package cntk.solve;

/**
 * A symmetric kernel matrix that can be written out as often as asked. The solve destroys its one copy in memory; when it
 * fails, it reads the matrix again instead of having kept a second one.
 */
public interface KernelSource {
    /** Rows and columns. */
    int size();

    /** Writes every entry of the lower triangle, the diagonal included; the same values each time. */
    void writeTo(LowerTriangleSink sink);
}
