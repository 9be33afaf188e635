package cntk.backend.cpu;

import cntk.plan.AxisMap;
import cntk.plan.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Fine rows on their way to a coarser plane where lanes are displacements. All fine rows that go to one coarse row of one coarse row
 * displacement, four with 2x2 pooling, are first added as they stand, and lanes change places once for all of them: that is most
 * of the work of an exchange ({@link LaneScatter}).
 *
 * <p>Fine planes come in the order of their row displacement di. A place of the pool belongs to a coarse displacement A while di runs
 * through neighbours that send rows to A; then its sums move on and it is free. 2x2 pooling takes two places.
 */
final class RowPool {
    private static final int PAIR = 4;

    private final Cells cells; // [place][group][coarse row][fine column][S, T~][lane]
    private final int[][] rowPairs; // by di: {i, second i or -1, coarse row, place}
    private final List<List<Finished>> finished; // by di
    private final LaneScatter[] scatters; // by group
    private final LanePermutations permuted;
    private final int rowLength;
    private final int groupLength;
    private final int placeLength;

    /** A coarse displacement that gets nothing more for now. */
    private record Finished(int place, int displacement, int[] coarseRows) {}

    /** A place and the coarse rows that it holds sums of. */
    private record Open(int place, TreeSet<Integer> coarseRows) {}

    /**
     * A pool between two segments.
     *
     * @param wanted coarse row displacements that are not dropped
     * @param planeStride of the coarse tensor, from a group of planes to the next
     */
    RowPool(AxisMap rows, AxisMap cols, boolean[] wanted, int planeStride, Precision precision) {
        int lanes = PlaneRows.lanes(precision);
        this.rowLength = 2 * lanes * cols.fine();
        this.groupLength = rows.coarse() * rowLength;
        this.scatters = new LaneScatter[groups(cols, precision)];
        this.placeLength = Math.toIntExact(placeNumbers(rows, cols, precision));
        List<int[]> permutations = new ArrayList<>();
        for (int group = 0; group < scatters.length; group++) {
            scatters[group] = LaneScatter.of(cols, group * lanes, lanes, planeStride, 2 * lanes, permutations);
        }
        this.permuted = new LanePermutations(permutations);
        this.rowPairs = new int[rows.fine()][];
        this.finished = new ArrayList<>();
        this.cells = Cells.of(precision, Math.multiplyExact(places(rows, wanted), placeLength));
        layOut(rows, wanted);
    }

    /** Bytes of the pool between two segments; the arguments are those of the constructor. */
    static long bytes(AxisMap rows, AxisMap cols, boolean[] wanted, Precision precision) {
        return places(rows, wanted) * placeNumbers(rows, cols, precision) * precision.bytes();
    }

    /** Bytes of the sums that it holds. */
    long bytes(Precision precision) {
        return (long) cells.length() * precision.bytes();
    }

    private static int groups(AxisMap cols, Precision precision) {
        return Math.ceilDiv(cols.fine(), PlaneRows.lanes(precision));
    }

    /** S and T~ of all groups and coarse rows of one coarse row displacement. */
    private static long placeNumbers(AxisMap rows, AxisMap cols, Precision precision) {
        return 2L * PlaneRows.lanes(precision) * cols.fine() * rows.coarse() * groups(cols, precision);
    }

    /** Most coarse displacements that the planes of one fine displacement go to. */
    private static int places(AxisMap rows, boolean[] wanted) {
        int most = 0;
        for (int di = 0; di < rows.fine(); di++) {
            int open = 0;
            for (boolean sends : targets(rows, wanted, di)) {
                open += sends ? 1 : 0;
            }
            most = Math.max(most, open);
        }
        return most;
    }

    /** Gives every coarse displacement its place. */
    private void layOut(AxisMap rows, boolean[] wanted) {
        @Nullable Open[] open = new @Nullable Open[rows.coarse()]; // by coarse displacement, null where closed
        boolean[][] sends = new boolean[rows.fine() + 1][];
        Arrays.setAll(sends, di -> targets(rows, wanted, di));
        for (int di = 0; di < rows.fine(); di++) {
            for (int displacement = 0; displacement < open.length; displacement++) {
                if (sends[di][displacement] && open[displacement] == null) {
                    open[displacement] = new Open(firstFree(open), new TreeSet<>());
                }
            }
            rowPairs[di] = rowPairs(rows.meetings(di), open);
            List<Finished> done = new ArrayList<>();
            for (int displacement = 0; displacement < open.length; displacement++) {
                Open place = open[displacement];
                if (place != null && !sends[di + 1][displacement]) {
                    int[] coarseRows = place.coarseRows().stream()
                            .mapToInt(Integer::intValue)
                            .toArray();
                    done.add(new Finished(place.place(), displacement, coarseRows));
                    open[displacement] = null;
                }
            }
            finished.add(done);
        }
    }

    /** Wanted coarse displacements that planes of a fine one go to; none behind the last. */
    private static boolean[] targets(AxisMap rows, boolean[] wanted, int di) {
        boolean[] targets = new boolean[rows.coarse()];
        int[] meetings = di < rows.fine() ? rows.meetings(di) : new int[0];
        for (int at = 2; at < meetings.length; at += 3) {
            targets[meetings[at]] = wanted[meetings[at]];
        }
        return targets;
    }

    private static int firstFree(@Nullable Open[] open) {
        boolean[] taken = new boolean[open.length + 1];
        for (Open place : open) {
            if (place != null) {
                taken[place.place()] = true;
            }
        }
        int free = 0;
        while (taken[free]) {
            free++;
        }
        return free;
    }

    /** Fine rows by the coarse row they go to, two at a time, which are read together. */
    private static int[] rowPairs(int[] meetings, @Nullable Open[] open) {
        List<int[]> pairs = new ArrayList<>();
        for (int at = 0; at < meetings.length; at += 3) {
            int row = meetings[at];
            int coarse = meetings[at + 1];
            Open to = open[meetings[at + 2]];
            if (to == null) {
                continue;
            }
            to.coarseRows().add(coarse);
            pairs.stream()
                    .filter(pair -> pair[1] < 0 && pair[2] == coarse && pair[3] == to.place())
                    .findFirst()
                    .ifPresentOrElse(pair -> pair[1] = row, () -> pairs.add(new int[] {row, -1, coarse, to.place()}));
        }
        return pairs.stream().flatMapToInt(Arrays::stream).toArray();
    }

    /** Where the sums of a coarse row displacement stand in a tensor. */
    @FunctionalInterface
    interface Rows {
        int offset(int displacement, int coarseRow);
    }

    /**
     * Adds a finished group of fine planes; every group must come once for every di, in ascending order.
     *
     * @param slots offset of every row of the planes in {@code rows}
     * @param zeroRow offset of a row of zeros
     */
    void add(PlaneRows rows, int[] slots, int zeroRow, int di, int group, Cells tensor, Rows to) {
        int[] pairs = rowPairs[di];
        for (int at = 0; at < pairs.length; at += PAIR) {
            int second = pairs[at + 1] < 0 ? zeroRow : slots[pairs[at + 1]];
            rows.addRowsTo(cells, offset(pairs[at + 3], group, pairs[at + 2]), slots[pairs[at]], second);
        }
        for (Finished done : finished.get(di)) {
            for (int coarseRow : done.coarseRows()) {
                int from = offset(done.place(), group, coarseRow);
                int at = to.offset(done.displacement(), coarseRow);
                rows.scatterLanes(cells, from, scatters[group], permuted, tensor, at);
                cells.zero(from, rowLength);
            }
        }
    }

    private int offset(int place, int group, int coarseRow) {
        return place * placeLength + group * groupLength + coarseRow * rowLength;
    }
}
