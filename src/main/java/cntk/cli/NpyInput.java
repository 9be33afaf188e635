package cntk.cli;

import cntk.dataset.InputException;
import cntk.dataset.Labels;
import cntk.dataset.Npy;
import cntk.dataset.NpyLabels;
import cntk.dataset.NpyMatrix;
import cntk.dataset.NpyType;
import cntk.plan.Precision;
import cntk.solve.CrossKernel;
import cntk.solve.KernelSource;
import cntk.solve.NpyKernel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** {@link KernelData} out of .npy files. */
final class NpyInput {
    private final List<NpyMatrix> opened = new ArrayList<>();

    private NpyInput() {}

    static KernelData open(KernelInput options) {
        NpyInput input = new NpyInput();
        try {
            return input.read(options);
        } catch (RuntimeException | Error failure) {
            input.close();
            throw failure;
        }
    }

    private KernelData read(KernelInput options) {
        if (options.labels != null && options.targets != null) {
            throw new InputException("--labels and --targets exclude each other");
        }
        NpyMatrix matrix = open(java.util.Objects.requireNonNull(options.trainKernel));
        KernelSource kernel = NpyKernel.training(matrix);
        int n = kernel.size();
        Optional<CrossKernel> cross =
                Optional.ofNullable(options.crossKernel).map(file -> NpyKernel.cross(open(file), n));
        Labels labels = labels(options.labels, options.classes(), n, "training");
        requireCross(options.testLabels, cross);
        requireCross(options.testTargets, cross);
        int m = cross.map(CrossKernel::rows).orElse(0);
        OptionalInt classes = labels.known() ? OptionalInt.of(labels.classes()) : options.classes();
        Labels testLabels = labels(options.testLabels, classes, m, "test");
        Optional<double[][]> regression = values(options.targets, n, "training");
        Optional<double[][]> testRegression = values(options.testTargets, m, "test");
        if (testRegression.isPresent()
                && regression.map(rows -> rows[0].length).orElse(0)
                        != testRegression.get()[0].length) {
            throw new InputException(options.testTargets + " has "
                    + testRegression.get()[0].length + " columns, expected as many as --targets has");
        }
        return new KernelData(
                matrix.file().toString(),
                matrix.type() == NpyType.F32 ? Precision.F32 : Precision.F64,
                kernel,
                cross,
                labels,
                testLabels,
                regression,
                testRegression,
                Optional.empty(),
                Optional.ofNullable(options.cache),
                options.solver(),
                this::close);
    }

    private NpyMatrix open(Path file) {
        NpyMatrix matrix = NpyMatrix.open(file);
        opened.add(matrix);
        return matrix;
    }

    private static void requireCross(@Nullable Path file, Optional<CrossKernel> cross) {
        if (file != null && cross.isEmpty()) {
            throw new InputException(file + " is of no use without --cross-kernel C.npy");
        }
    }

    private static Labels labels(@Nullable Path file, OptionalInt classes, int images, String role) {
        if (file == null) {
            return Labels.NONE;
        }
        Labels labels = NpyLabels.read(file, classes);
        requireCount(file, labels.count(), images, role, "labels");
        return labels;
    }

    private static void requireCount(Path file, int found, int images, String role, String things) {
        if (found != images) {
            throw new InputException(
                    file + " has " + found + " " + things + ", but the kernel has " + images + " " + role + " images");
        }
    }

    private static Optional<double[][]> values(@Nullable Path file, int images, String role) {
        return Optional.ofNullable(file).map(there -> rowsOf(there, images, role));
    }

    private static double[][] rowsOf(Path file, int images, String role) {
        double[][] rows = finite(file);
        double[][] columns = rows.length == 1 && images != 1 ? transposed(rows[0]) : rows;
        requireCount(file, columns.length, images, role, "rows");
        return columns;
    }

    /** One number per image: the diagonal of a kernel. */
    static double[] diagonal(Path file, int images) {
        double[][] rows = finite(file);
        double[] values = rows.length == 1 ? rows[0] : new double[rows.length];
        for (int row = 0; row < rows.length && rows.length > 1; row++) {
            if (rows[row].length != 1) {
                throw new InputException(file + " has two axes, expected one number per test image");
            }
            values[row] = rows[row][0];
        }
        requireCount(file, values.length, images, "test", "numbers");
        return values;
    }

    /** A file of one or two axes; NaN and infinities are refused. */
    static double[][] finite(Path file) {
        double[][] rows = Npy.readMatrix(file).values();
        for (int row = 0; row < rows.length; row++) {
            for (int col = 0; col < rows[row].length; col++) {
                if (!Double.isFinite(rows[row][col])) {
                    throw new InputException(file + " has " + rows[row][col] + " at [" + row + ", " + col
                            + "], expected finite numbers");
                }
            }
        }
        return rows;
    }

    private static double[][] transposed(double[] row) {
        double[][] column = new double[row.length][1];
        for (int at = 0; at < row.length; at++) {
            column[at][0] = row[at];
        }
        return column;
    }

    private void close() {
        opened.forEach(NpyMatrix::close);
    }
}
