package cntk.backend.cpu;

import cntk.plan.AxisMap;
import cntk.plan.Exchange;
import cntk.plan.PlaneProgram;
import cntk.plan.Precision;
import cntk.plan.Segment;

/**
 * S and T~ of all planes that a segment loads: [plane][i][j][S, T~][lane]. An earlier segment adds its planes to it one by one.
 */
final class PlaneTensor {
    private final Cells cells;
    private final int[] rowRank;
    private final int[] colRank;
    private final int colCount;
    private final int rowStride;
    private final int columnStride;
    private final int planeStride;
    private final int[][] rowMeetings;
    private final int[][] columns; // by fine column displacement
    private final int[][] offsets;

    /** All tensors of a program. */
    static PlaneTensor[] of(PlaneProgram program, Precision precision) {
        return program.tensors().stream()
                .map(exchange -> new PlaneTensor(program.segments().get(exchange.to()), exchange, precision))
                .toArray(PlaneTensor[]::new);
    }

    /** Bytes of the largest tensor and of all tensors of a program. */
    static long[] bytes(PlaneProgram program, Precision precision) {
        long largest = 0;
        long sum = 0;
        for (Exchange exchange : program.tensors()) {
            Segment segment = program.segments().get(exchange.to());
            long pixels = (long) segment.height() * segment.width();
            long bytes = segment.planes() * pixels * 2 * PlaneRows.lanes(precision) * precision.bytes();
            largest = Math.max(largest, bytes);
            sum += bytes;
        }
        return new long[] {largest, sum};
    }

    private PlaneTensor(Segment segment, Exchange exchange, Precision precision) {
        this.rowRank = ranks(segment.rows());
        this.colRank = ranks(segment.cols());
        this.colCount = colRank[colRank.length - 1];
        this.columnStride = 2 * PlaneRows.lanes(precision);
        this.rowStride = segment.width() * columnStride;
        this.planeStride = segment.height() * rowStride;
        this.cells = Cells.of(precision, Math.multiplyExact(segment.planes(), planeStride));
        this.rowMeetings = meetings(exchange.rows());
        this.columns = new int[exchange.cols().fine()][];
        this.offsets = new int[exchange.cols().fine()][];
        for (int dj = 0; dj < columns.length; dj++) {
            collectColumns(exchange.cols().meetings(dj), dj);
        }
    }

    private static int[][] meetings(AxisMap map) {
        int[][] meetings = new int[map.fine()][];
        for (int d = 0; d < meetings.length; d++) {
            meetings[d] = map.meetings(d);
        }
        return meetings;
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
        columns[dj] = java.util.Arrays.copyOf(from, count);
        offsets[dj] = java.util.Arrays.copyOf(to, count);
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
     */
    void add(PlaneRows rows, int[] slots, int di, int dj) {
        int[] meetings = rowMeetings[di];
        for (int at = 0; at < meetings.length; at += 3) {
            int rank = rowRank[meetings[at + 2]];
            if (rank >= 0) {
                int to = rank * colCount * planeStride + meetings[at + 1] * rowStride;
                rows.scatter(slots[meetings[at]], columns[dj], offsets[dj], cells, to);
            }
        }
    }
}
