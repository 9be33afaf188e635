package cntk.backend.cpu;

import cntk.backend.cpu.LaneTables.Lanes;
import cntk.plan.Exchange;
import cntk.plan.PlaneProgram;
import cntk.plan.Precision;
import cntk.plan.Segment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * S and T~ of all planes that a segment loads: [plane][i][j][S, T~][lane]. An earlier segment adds its planes to it one by one. Where
 * lanes are displacements a "plane" is a group of neighbouring ones, and rows go through a {@link RowPool}.
 */
final class PlaneTensor {
    private final Cells cells;
    private final int[] rowRank;
    private final int[] colRank;
    private final int colCount;
    private final int rowStride;
    private final int columnStride;
    private final int planeStride;
    private final int[][] rowMeetings; // by fine row displacement, where lanes are images
    private final int[][] columns; // by fine column displacement, where lanes are images
    private final int[][] offsets;
    private final @Nullable RowPool pool; // where lanes are displacements
    private final int lanes;

    /** All tensors of a program. */
    static PlaneTensor[] of(PlaneProgram program, Precision precision, Lanes kind) {
        return program.tensors().stream()
                .map(exchange -> new PlaneTensor(program.segments().get(exchange.to()), exchange, precision, kind))
                .toArray(PlaneTensor[]::new);
    }

    /** Bytes of the largest array and of all arrays of a program's tensors and of the pools before them. */
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
            long pool = kind == Lanes.IMAGES
                    ? 0
                    : RowPool.bytes(exchange.rows(), exchange.cols(), segment.rows(), precision);
            largest = Math.max(largest, Math.max(bytes, pool));
            sum += bytes + pool;
        }
        return new long[] {largest, sum};
    }

    /** Bytes of this one and of the pool before it. */
    long bytes(Precision precision) {
        return (long) cells.length() * precision.bytes() + (pool == null ? 0 : pool.bytes(precision));
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
        this.rowMeetings = new int[kind == Lanes.IMAGES ? exchange.rows().fine() : 0][];
        Arrays.setAll(rowMeetings, di -> exchange.rows().meetings(di));
        int fine = exchange.cols().fine();
        this.columns = new int[kind == Lanes.IMAGES ? fine : 0][];
        this.offsets = new int[columns.length][];
        for (int dj = 0; dj < columns.length; dj++) {
            collectColumns(exchange.cols().meetings(dj), dj);
        }
        this.pool = kind == Lanes.IMAGES
                ? null
                : new RowPool(exchange.rows(), exchange.cols(), segment.rows(), planeStride, precision);
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
        if (pool != null) {
            pool.add(rows, slots, zeroRow, di, dj / lanes, cells, this::rowOfFirst);
            return;
        }
        int[] meetings = rowMeetings[di];
        for (int at = 0; at < meetings.length; at += 3) {
            if (rowRank[meetings[at + 2]] >= 0) {
                int to = rowOfFirst(meetings[at + 2], meetings[at + 1]);
                rows.scatter(slots[meetings[at]], columns[dj], offsets[dj], cells, to);
            }
        }
    }

    /** Offset of row i of the first plane of row displacement di. */
    private int rowOfFirst(int di, int i) {
        return rowRank[di] * colCount * planeStride + i * rowStride;
    }
}
