package cntk.solve;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The block tridiagonal matrix that conjugate gradients make in passing (maths.md, eq. 60): its eigenvalues lie between the
 * extreme ones of the preconditioned matrix and approach them from inside.
 */
final class BlockLanczos {
    private static final int ARGUMENTS = 11;
    private static final int STRINGS = 2;

    private final MethodHandle dsbev;
    /** M_k = P^T A P, s x s, row by row, and rho_k+1, s' x s, of every iteration since the last restart. */
    private final List<double[][]> curvatures = new ArrayList<>();

    private final List<double[][]> links = new ArrayList<>();
    private double smallest = Double.POSITIVE_INFINITY;
    private double largest;

    BlockLanczos(OpenBlas library) {
        MemoryLayout[] layouts = new MemoryLayout[ARGUMENTS + STRINGS];
        Arrays.fill(layouts, 0, ARGUMENTS, ADDRESS);
        Arrays.fill(layouts, ARGUMENTS, layouts.length, JAVA_LONG);
        dsbev = library.bind("dsbev_", FunctionDescriptor.ofVoid(layouts));
    }

    /** An iteration. */
    void add(double[][] curvature, double[][] link) {
        curvatures.add(curvature);
        links.add(link);
    }

    /** Begins a new matrix; the extremes stay. */
    void restart() {
        update();
        curvatures.clear();
        links.clear();
    }

    /** Forgets everything: the preconditioner is another. */
    void forget() {
        curvatures.clear();
        links.clear();
        smallest = Double.POSITIVE_INFINITY;
        largest = 0;
    }

    /** The smallest eigenvalue seen; infinite before the first iteration. */
    double smallest() {
        return smallest;
    }

    double largest() {
        return largest;
    }

    /** Largest by smallest; 1 before the first iteration. */
    double condition() {
        return largest == 0 ? 1 : largest / smallest;
    }

    /** Takes the iterations since the last update into the extremes. */
    void update() {
        int size = curvatures.stream().mapToInt(block -> block.length).sum();
        if (size == 0) {
            return;
        }
        int widest = curvatures.stream().mapToInt(block -> block.length).max().orElseThrow();
        int band = Math.min(size - 1, 2 * widest - 1);
        double[] banded = new double[Math.multiplyExact(band + 1, size)];
        int begin = 0;
        for (int k = 0; k < curvatures.size(); k++) {
            double[][] diagonal = diagonalBlock(k);
            for (int col = 0; col < diagonal.length; col++) {
                for (int row = col; row < diagonal.length; row++) {
                    banded[row - col + (begin + col) * (band + 1)] = diagonal[row][col];
                }
            }
            if (k + 1 < curvatures.size()) {
                double[][] below = DenseRows.product(links.get(k), curvatures.get(k));
                for (int row = 0; row < below.length; row++) {
                    for (int col = 0; col < diagonal.length; col++) {
                        int distance = diagonal.length + row - col;
                        banded[distance + (begin + col) * (band + 1)] = -below[row][col];
                    }
                }
            }
            begin += diagonal.length;
        }
        double[] values = eigenvalues(banded, size, band);
        smallest = Math.min(smallest, values[0]);
        largest = Math.max(largest, values[size - 1]);
    }

    private double[][] diagonalBlock(int k) {
        double[][] block = DenseRows.copy(curvatures.get(k));
        if (k > 0) {
            double[][] link = links.get(k - 1);
            double[][] half = DenseRows.product(link, curvatures.get(k - 1));
            for (int row = 0; row < block.length; row++) {
                for (int col = 0; col < block.length; col++) {
                    for (int inner = 0; inner < half[row].length; inner++) {
                        block[row][col] += half[row][inner] * link[col][inner];
                    }
                }
            }
        }
        return block;
    }

    private double[] eigenvalues(double[] banded, int size, int band) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment values = arena.allocate(JAVA_DOUBLE, size);
            MemorySegment info = arena.allocate(JAVA_INT);
            dsbev.invokeExact(
                    arena.allocateFrom(JAVA_BYTE, (byte) 'N'),
                    arena.allocateFrom(JAVA_BYTE, (byte) 'L'),
                    arena.allocateFrom(JAVA_INT, size),
                    arena.allocateFrom(JAVA_INT, band),
                    arena.allocateFrom(JAVA_DOUBLE, banded),
                    arena.allocateFrom(JAVA_INT, band + 1),
                    values,
                    arena.allocate(JAVA_DOUBLE, 1),
                    arena.allocateFrom(JAVA_INT, 1),
                    arena.allocate(JAVA_DOUBLE, Math.max(1, 3L * size - 2)),
                    info,
                    1L,
                    1L);
            if (info.get(JAVA_INT, 0) != 0) {
                throw new LapackException("dsbev", info.get(JAVA_INT, 0), "n = " + size + ", band " + band);
            }
            return values.toArray(JAVA_DOUBLE);
        } catch (Throwable failure) {
            throw OpenBlas.unexpected(failure);
        }
    }

    void writeTo(DataOutputStream out) throws IOException {
        out.writeDouble(smallest);
        out.writeDouble(largest);
        out.writeInt(curvatures.size());
        for (int k = 0; k < curvatures.size(); k++) {
            DenseRows.write(curvatures.get(k), out);
            DenseRows.write(links.get(k), out);
        }
    }

    void readFrom(DataInputStream in) throws IOException {
        smallest = in.readDouble();
        largest = in.readDouble();
        for (int left = in.readInt(); left > 0; left--) {
            add(DenseRows.read(in), DenseRows.read(in));
        }
    }
}
