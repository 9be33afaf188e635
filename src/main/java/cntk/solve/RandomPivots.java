package cntk.solve;

import cntk.plan.Tile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Randomly pivoted partial Cholesky of A = K + ridge I (Chen, Epperly, Tropp and Webber 2023): the next pivot is drawn with
 * probabilities proportional to the diagonal that the pivots so far leave. Pivots are proposed many at a time and rejected one by
 * one (Epperly, Tropp and Webber 2024), which draws from the same distribution and reads the store once a round and not once a
 * pivot.
 */
final class RandomPivots {
    private static final long SEED = 20_231_120L;
    /** Rounds of proposals, at least; each holds n x rank / 8 numbers besides the factor. */
    private static final int ROUNDS = 8;

    private static final int FEWEST = 32;

    private final Lapack lapack;
    private final TileStream stream;
    private final OrderedTasks tasks;
    private final double ridge;
    private final double[] diagonal;
    private final double[] remainders;
    private final int rank;
    private final NativeMatrix rows;
    private final int[] pivots;
    private final boolean[] taken;
    private final Random random = new Random(SEED);
    private int count;

    private RandomPivots(
            Lapack lapack, TileStream stream, OrderedTasks tasks, double ridge, double[] diagonal, int rank) {
        this.lapack = lapack;
        this.stream = stream;
        this.tasks = tasks;
        this.ridge = ridge;
        this.diagonal = diagonal;
        this.rank = rank;
        this.remainders = Arrays.stream(diagonal).map(entry -> entry + ridge).toArray();
        this.pivots = new int[rank];
        this.taken = new boolean[diagonal.length];
        this.rows = NativeMatrix.zeros(diagonal.length, rank);
    }

    /**
     * Makes the factor.
     *
     * @param diagonal of K
     * @param rank pivots, 1 to n; all n of them make the factor exact
     * @throws NoConvergenceException when an image depends on others to double precision
     */
    static PartialCholesky factor(
            Lapack lapack, TileStream stream, OrderedTasks tasks, double ridge, double[] diagonal, int rank) {
        RandomPivots choice = new RandomPivots(lapack, stream, tasks, ridge, diagonal, rank);
        try {
            choice.requirePositive();
            while (choice.count < rank) {
                choice.round();
            }
            return new PartialCholesky(lapack, tasks, choice.rows, choice.pivots, choice.remainders);
        } catch (RuntimeException | Error failure) {
            choice.rows.close();
            throw failure;
        }
    }

    private boolean everyImage() {
        return rank == diagonal.length;
    }

    private void round() {
        int[] proposals = everyImage() ? nextImages() : drawn();
        int[] distinct = Arrays.stream(proposals).distinct().toArray();
        try (NativeMatrix columns = NativeMatrix.zeros(diagonal.length, distinct.length)) {
            read(distinct, columns);
            subtractFactor(distinct, columns);
            accept(proposals, distinct, columns);
        }
        requirePositive();
    }

    private int size() {
        return Math.clamp(Math.ceilDiv(rank, ROUNDS), FEWEST, Math.max(FEWEST, diagonal.length));
    }

    private int[] nextImages() {
        int[] images = new int[Math.min(size(), rank - count)];
        for (int place = 0; place < images.length; place++) {
            images[place] = count + place; // without a choice, order matters to nobody
        }
        return images;
    }

    private int[] drawn() {
        double[] upTo = new double[remainders.length];
        double sum = 0;
        for (int image = 0; image < upTo.length; image++) {
            sum += taken[image] ? 0 : remainders[image];
            upTo[image] = sum;
        }
        int[] images = new int[size()];
        for (int place = 0; place < images.length; place++) {
            int at = Arrays.binarySearch(upTo, random.nextDouble() * sum);
            int image = at < 0 ? -at - 1 : at + 1; // the first whose sum is above what was drawn
            while (image == upTo.length || taken[image]) {
                image = (image + upTo.length) % (upTo.length + 1); // met where rounding draws the sum itself
            }
            images[place] = image;
        }
        return images;
    }

    /** A[., images], every tile with one of them once. */
    private void read(int[] images, NativeMatrix columns) {
        int side = stream.plan().side();
        List<List<Integer>> placesOfBlock = new ArrayList<>();
        for (int block = 0; block < stream.plan().rowBlocks(); block++) {
            placesOfBlock.add(new ArrayList<>());
        }
        for (int place = 0; place < images.length; place++) {
            placesOfBlock.get(images[place] / side).add(place);
        }
        List<Tile> tiles = stream.plan().tiles().stream()
                .filter(tile -> !placesOfBlock.get(tile.rowBlock()).isEmpty()
                        || !placesOfBlock.get(tile.colBlock()).isEmpty())
                .toList();
        List<double[]> slots = new ArrayList<>();
        for (int slot = 0; slot < tasks.slots(); slot++) {
            slots.add(stream.room());
        }
        tasks.run(tiles.size(), slots, (number, values) -> stream.read(tiles.get(number), values), (number, values) -> {
            Tile tile = tiles.get(number);
            for (int place : placesOfBlock.get(tile.rowBlock())) {
                int from = (images[place] - tile.rowBegin()) * tile.cols();
                columns.putColumn(place, tile.colBegin(), values, from, tile.cols());
            }
            if (tile.rowBlock() != tile.colBlock()) {
                for (int place : placesOfBlock.get(tile.colBlock())) {
                    putColumn(tile, values, images[place] - tile.colBegin(), place, columns);
                }
            }
        });
        for (int place = 0; place < images.length; place++) {
            columns.set(images[place], place, columns.get(images[place], place) + ridge);
        }
    }

    private static void putColumn(Tile tile, double[] values, int col, int place, NativeMatrix columns) {
        double[] column = new double[tile.rows()];
        for (int row = 0; row < column.length; row++) {
            column[row] = values[row * tile.cols() + col];
        }
        columns.putColumn(place, tile.rowBegin(), column, 0, column.length);
    }

    /** columns -= F F[images]^T. */
    private void subtractFactor(int[] images, NativeMatrix columns) {
        if (count == 0) {
            return;
        }
        try (NativeMatrix theirs = NativeMatrix.zeros(count, images.length)) {
            for (int place = 0; place < images.length; place++) {
                for (int k = 0; k < count; k++) {
                    theirs.set(k, place, rows.get(images[place], k));
                }
            }
            int n = diagonal.length;
            lapack.product(
                    false,
                    n,
                    images.length,
                    count,
                    -1,
                    new BlockLapack.Block(rows.segment(), n),
                    BlockLapack.Block.of(theirs),
                    1,
                    BlockLapack.Block.of(columns));
        }
    }

    /** Eliminates the proposals that are accepted, one by one, and appends their columns to the factor. */
    private void accept(int[] proposals, int[] distinct, NativeMatrix columns) {
        double[][] rest = new double[distinct.length][distinct.length];
        for (int row = 0; row < distinct.length; row++) {
            for (int col = 0; col < distinct.length; col++) {
                rest[row][col] = columns.get(distinct[row], col);
            }
        }
        List<Integer> places = new ArrayList<>();
        List<double[]> eliminated = new ArrayList<>();
        for (int proposal : proposals) {
            int place = indexOf(distinct, proposal);
            double left = rest[place][place];
            boolean accepted = everyImage() || random.nextDouble() * remainders[proposal] < left;
            if (!accepted || taken[proposal] || count + places.size() == rank) {
                continue;
            }
            if (!(left > floor(proposal))) {
                if (everyImage()) {
                    throw NoConvergenceException.singular(ridge, proposal, left);
                }
                continue; // depends on pivots of this round; requirePositive judges it
            }
            eliminated.add(eliminate(rest, place));
            places.add(place);
            taken[proposal] = true;
        }
        append(places, eliminated, distinct, columns);
    }

    private static int indexOf(int[] images, int image) {
        int place = 0;
        while (images[place] != image) {
            place++;
        }
        return place;
    }

    private static double[] eliminate(double[][] rest, int pivot) {
        double root = Math.sqrt(rest[pivot][pivot]);
        double[] column = new double[rest.length];
        for (int row = 0; row < column.length; row++) {
            column[row] = rest[row][pivot] / root;
        }
        for (int row = 0; row < column.length; row++) {
            for (int col = 0; col < column.length; col++) {
                rest[row][col] -= column[row] * column[col];
            }
        }
        return column;
    }

    private void append(List<Integer> places, List<double[]> eliminated, int[] distinct, NativeMatrix columns) {
        int more = places.size();
        if (more == 0) {
            return;
        }
        int n = diagonal.length;
        try (NativeMatrix lower = NativeMatrix.zeros(more, more)) {
            for (int row = 0; row < more; row++) {
                for (int col = 0; col <= row; col++) {
                    lower.set(row, col, eliminated.get(col)[places.get(row)]);
                }
            }
            double[] column = new double[n];
            for (int k = 0; k < more; k++) {
                columns.getColumn(places.get(k), 0, column, 0, n);
                rows.putColumn(count + k, 0, column, 0, n);
            }
            lapack.divideFromRight(
                    lower, n, new BlockLapack.Block(rows.segment().asSlice(NativeMatrix.bytes(n, 1) * count), n));
            for (int k = 0; k < more; k++) {
                pivots[count + k] = distinct[places.get(k)];
                for (int row = 0; row < count + more; row++) { // exact zeros and L where rounding left something else
                    rows.set(
                            row < count + k ? pivots[row] : distinct[places.get(row - count)],
                            count + k,
                            row < count + k ? 0 : lower.get(row - count, k));
                }
            }
        }
        subtractSquares(more);
        count += more;
    }

    /** What the next {@code more} columns of the factor take from the diagonal. */
    private void subtractSquares(int more) {
        double[] column = new double[diagonal.length];
        for (int k = count; k < count + more; k++) {
            rows.getColumn(k, 0, column, 0, column.length);
            for (int image = 0; image < column.length; image++) {
                remainders[image] -= column[image] * column[image];
            }
        }
    }

    /** What rounding alone may leave of an image that depends on pivots. */
    private double floor(int image) {
        return diagonal.length * Math.ulp(1.0) * (diagonal[image] + ridge);
    }

    private void requirePositive() {
        for (int image = 0; image < remainders.length; image++) {
            if (!taken[image] && !(remainders[image] > floor(image))) {
                throw NoConvergenceException.singular(ridge, image, remainders[image]);
            }
        }
    }
}
