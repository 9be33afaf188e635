package cntk.backend.cpu;

import cntk.backend.cpu.LaneTables.Lanes;
import cntk.plan.Exchange;
import cntk.plan.PlaneProgram;
import cntk.plan.Precision;
import cntk.plan.Segment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * S and T~ of all planes that a segment loads: [plane][i][j][S, T~][lane]. An earlier segment adds its planes to it one by one. Where
 * lanes are displacements a "plane" is a group of neighbouring ones, and lanes change places on the way ({@link LaneScatter}).
 */
final class PlaneTensor {
    private static final int PAIR = 4;

    private final Cells cells;
    private final int[] rowRank;
    private final int[] colRank;
    private final int colCount;
    private final int rowStride;
    private final int columnStride;
    private final int planeStride;
    private final int[][] rowPairs; // by fine row displacement
    private final int[][] columns; // by fine column displacement, where lanes are images
    private final int[][] offsets;
    private final LaneScatter[] scatters; // by fine group of displacements, where lanes are those
    private final LanePermutations permuted;
    private final int lanes;

    /** All tensors of a program. */
    static PlaneTensor[] of(PlaneProgram program, Precision precision, Lanes kind) {
        return program.tensors().stream()
                .map(exchange -> new PlaneTensor(program.segments().get(exchange.to()), exchange, precision, kind))
                .toArray(PlaneTensor[]::new);
    }

    /** Bytes of the largest tensor and of all tensors of a program. */
    static long[] bytes(PlaneProgram program, Precision precision, Lanes kind) {
        long largest = 0;
        long sum = 0;
        for (Exchange exchange : program.tensors()) {
            Segment segment = program.segments().get(exchange.to());
            long pixels = (long) segment.height() * segment.width();
            long bytes = planes(segment, PlaneRows.lanes(precision), kind)
                    * pixels
                    * 2
                    * PlaneRows.lanes(precision)
                    * precision.bytes();
            largest = Math.max(largest, bytes);
            sum += bytes;
        }
        return new long[] {largest, sum};
    }

    /** Planes, or groups of neighbouring ones, of which one suffices. */
    private static long planes(Segment segment, int lanes, Lanes kind) {
        return kind == Lanes.IMAGES ? segment.planes() : (long) segment.rowPlanes() * segment.colGroups(lanes);
    }

    private PlaneTensor(Segment segment, Exchange exchange, Precision precision, Lanes kind) {
        this.lanes = PlaneRows.lanes(precision);
        this.rowRank = ranks(segment.rows());
        this.colRank = kind == Lanes.IMAGES ? ranks(segment.cols()) : groupRanks(segment, lanes);
        this.colCount = colRank[colRank.length - 1];
        this.columnStride = 2 * lanes;
        this.rowStride = segment.width() * columnStride;
        this.planeStride = segment.height() * rowStride;
        this.cells =
                Cells.of(precision, Math.multiplyExact(Math.toIntExact(planes(segment, lanes, kind)), planeStride));
        this.rowPairs = new int[exchange.rows().fine()][];
        Arrays.setAll(rowPairs, di -> rowPairs(exchange.rows().meetings(di)));
        int fine = exchange.cols().fine();
        this.columns = new int[kind == Lanes.IMAGES ? fine : 0][];
        this.offsets = new int[columns.length][];
        for (int dj = 0; dj < columns.length; dj++) {
            collectColumns(exchange.cols().meetings(dj), dj);
        }
        this.scatters = new LaneScatter[kind == Lanes.IMAGES ? 0 : Math.ceilDiv(fine, lanes)];
        List<int[]> permutations = new ArrayList<>();
        for (int group = 0; group < scatters.length; group++) {
            scatters[group] =
                    LaneScatter.of(exchange.cols(), group * lanes, lanes, planeStride, columnStride, permutations);
        }
        this.permuted = new LanePermutations(permutations);
    }

    /** Groups of displacements side by side, all of them: group g at displacement g * lanes. */
    private static int[] groupRanks(Segment segment, int lanes) {
        int[] ranks = new int[segment.width() + 1];
        for (int d = 0; d < segment.width(); d++) {
            ranks[d] = d % lanes == 0 ? d / lanes : -1;
        }
        ranks[segment.width()] = segment.colGroups(lanes);
        return ranks;
    }

    /**
     * Fine rows by the coarse row they go to, two at a time: {i, second i or -1, I, A}. Two rows are summed before their lanes are
     * permuted.
     *
     * @param meetings {@link cntk.plan.AxisMap#meetings}
     */
    private static int[] rowPairs(int[] meetings) {
        List<int[]> pairs = new ArrayList<>();
        for (int at = 0; at < meetings.length; at += 3) {
            int row = meetings[at];
            int coarse = meetings[at + 1];
            int displacement = meetings[at + 2];
            pairs.stream()
                    .filter(pair -> pair[1] < 0 && pair[2] == coarse && pair[3] == displacement)
                    .findFirst()
                    .ifPresentOrElse(pair -> pair[1] = row, () -> pairs.add(new int[] {row, -1, coarse, displacement}));
        }
        return pairs.stream().flatMapToInt(Arrays::stream).toArray();
    }

    /** Rank of every wanted displacement, -1 for others; the last element is their count. */
    private static int[] ranks(boolean[] wanted) {
        int[] ranks = new int[wanted.length + 1];
        int count = 0;
        for (int d = 0; d < wanted.length; d++) {
            ranks[d] = wanted[d] ? count++ : -1;
        }
        ranks[wanted.length] = count;
        return ranks;
    }

    private void collectColumns(int[] meetings, int dj) {
        int[] from = new int[meetings.length / 3];
        int[] to = new int[meetings.length / 3];
        int count = 0;
        for (int at = 0; at < meetings.length; at += 3) {
            int rank = colRank[meetings[at + 2]];
            if (rank >= 0) {
                from[count] = meetings[at];
                to[count++] = rank * planeStride + meetings[at + 1] * columnStride;
            }
        }
        columns[dj] = Arrays.copyOf(from, count);
        offsets[dj] = Arrays.copyOf(to, count);
    }

    Cells cells() {
        return cells;
    }

    void clear() {
        cells.zero(0, colCount * rowRank[rowRank.length - 1] * planeStride);
    }

    /** Offset of row i of plane (di, dj). */
    int row(int di, int dj, int i) {
        return (rowRank[di] * colCount + colRank[dj]) * planeStride + i * rowStride;
    }

    int rowLength() {
        return rowStride;
    }

    /**
     * Adds a finished fine plane.
     *
     * @param slots offset of every row of the plane in {@code rows}
     * @param zeroRow offset of a row of zeros
     */
    void add(PlaneRows rows, int[] slots, int zeroRow, int di, int dj) {
        int[] pairs = rowPairs[di];
        for (int at = 0; at < pairs.length; at += PAIR) {
            int rank = rowRank[pairs[at + 3]];
            if (rank < 0) {
                continue;
            }
            int to = rank * colCount * planeStride + pairs[at + 2] * rowStride;
            int row = slots[pairs[at]];
            int second = pairs[at + 1];
            if (scatters.length > 0) {
                int other = second < 0 ? zeroRow : slots[second];
                rows.scatterLanes(row, other, scatters[dj / lanes], permuted, cells, to);
            } else {
                rows.scatter(row, columns[dj], offsets[dj], cells, to);
                if (second >= 0) {
                    rows.scatter(slots[second], columns[dj], offsets[dj], cells, to);
                }
            }
        }
    }
}
