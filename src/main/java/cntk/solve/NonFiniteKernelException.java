package cntk.solve;

/** A kernel matrix with an entry that is NaN or infinite; names the first one in row order. */
public final class NonFiniteKernelException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int row;
    private final int col;

    NonFiniteKernelException(String matrix, int row, int col, double value) {
        super("the %s has %s at row %d, column %d (counted from 0), where a finite number was expected"
                .formatted(matrix, value, row, col));
        this.row = row;
        this.col = col;
    }

    public int row() {
        return row;
    }

    public int col() {
        return col;
    }
}
