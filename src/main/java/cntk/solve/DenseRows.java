package cntk.solve;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/** Matrices of a block's width: a few rows of doubles. */
final class DenseRows {
    private DenseRows() {}

    static double[][] of(NativeMatrix matrix) {
        double[][] rows = new double[matrix.rows()][matrix.cols()];
        for (int row = 0; row < matrix.rows(); row++) {
            for (int col = 0; col < matrix.cols(); col++) {
                rows[row][col] = matrix.get(row, col);
            }
        }
        return rows;
    }

    static double[][] copy(double[][] rows) {
        double[][] copy = new double[rows.length][];
        for (int row = 0; row < rows.length; row++) {
            copy[row] = rows[row].clone();
        }
        return copy;
    }

    static double[][] product(double[][] left, double[][] right) {
        double[][] product = new double[left.length][right[0].length];
        for (int row = 0; row < left.length; row++) {
            for (int inner = 0; inner < right.length; inner++) {
                for (int col = 0; col < right[0].length; col++) {
                    product[row][col] += left[row][inner] * right[inner][col];
                }
            }
        }
        return product;
    }

    static void write(double[][] rows, DataOutputStream out) throws IOException {
        out.writeInt(rows.length);
        out.writeInt(rows.length == 0 ? 0 : rows[0].length);
        for (double[] row : rows) {
            for (double value : row) {
                out.writeDouble(value);
            }
        }
    }

    static double[][] read(DataInputStream in) throws IOException {
        double[][] rows = new double[in.readInt()][in.readInt()];
        for (double[] row : rows) {
            for (int col = 0; col < row.length; col++) {
                row[col] = in.readDouble();
            }
        }
        return rows;
    }
}
