package cntk.backend.cuda;

import cntk.plan.AxisMap;
import cntk.plan.Exchange;
import cntk.plan.PlaneProgram;
import cntk.plan.Segment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Where planes meet, as {@code plane_pool} reads it: two launches, first along rows, then along columns.
 *
 * @param from segment that sends
 * @param to segment that loads
 */
record ExchangeTable(int from, int to, Axis rows, Axis cols) {

    /**
     * One launch: from [outer][fine planes][mid][fine][inner] to [outer][coarse planes][mid][coarse][inner].
     *
     * @param in where the states lie in the arena of a pair
     * @param out where the sums go
     * @param table displacements of the coarse planes, ranks of the fine ones, starts and members of the windows
     */
    record Axis(
            int outer,
            int finePlanes,
            int coarsePlanes,
            int mid,
            int fine,
            int coarse,
            int inner,
            long in,
            long out,
            int[] table) {
        /** sizeof(PoolAxis). */
        static final int HEADER_BYTES = 56;

        /** States that go in. */
        long inCount() {
            return (long) outer * finePlanes * mid * fine * inner;
        }

        /** States that come out. */
        long outCount() {
            return (long) outer * coarsePlanes * mid * coarse * inner;
        }

        /** {@code struct PoolAxis} of a launch for {@code pairs} pairs. */
        byte[] header(StepTable steps, int pairs) {
            return ByteBuffer.allocate(HEADER_BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(outer)
                    .putInt(finePlanes)
                    .putInt(coarsePlanes)
                    .putInt(mid)
                    .putInt(fine)
                    .putInt(coarse)
                    .putInt(inner)
                    .putInt(pairs)
                    .putLong(in)
                    .putLong(out)
                    .putLong(steps.arenaStride())
                    .array();
        }
    }

    /** @param begin first free state of the arena */
    static ExchangeTable of(PlaneProgram program, Exchange exchange, long begin) {
        Segment from = program.segments().get(exchange.from());
        Segment to = program.segments().get(exchange.to());
        int[] fineRows = StepEncoder.wanted(from.rows());
        int[] fineCols = StepEncoder.wanted(from.cols());
        int[] coarseRows = StepEncoder.wanted(to.rows());
        int[] coarseCols = StepEncoder.wanted(to.cols());
        long sent = (long) fineRows.length * fineCols.length * from.height() * from.width();
        Axis rows = new Axis(
                1,
                fineRows.length,
                coarseRows.length,
                fineCols.length,
                from.height(),
                to.height(),
                from.width(),
                begin,
                begin + sent,
                table(exchange.rows(), fineRows, coarseRows));
        Axis cols = new Axis(
                coarseRows.length,
                fineCols.length,
                coarseCols.length,
                to.height(),
                from.width(),
                to.width(),
                1,
                rows.out(),
                rows.out() + rows.outCount(),
                table(exchange.cols(), fineCols, coarseCols));
        return new ExchangeTable(exchange.from(), exchange.to(), rows, cols);
    }

    /** First state of the arena behind those of this exchange. */
    long end() {
        return cols.out() + cols.outCount();
    }

    private static int[] table(AxisMap map, int[] fineDisplacements, int[] coarseDisplacements) {
        int[] ranks = new int[map.fine()];
        Arrays.fill(ranks, -1);
        for (int rank = 0; rank < fineDisplacements.length; rank++) {
            ranks[fineDisplacements[rank]] = rank;
        }
        int[] starts = new int[map.coarse() + 1];
        for (int position = 0; position < map.coarse(); position++) {
            starts[position + 1] = starts[position] + map.members(position).length;
        }
        IntStream members = IntStream.range(0, map.coarse()).flatMap(position -> IntStream.of(map.members(position)));
        return IntStream.concat(
                        IntStream.concat(IntStream.of(coarseDisplacements), IntStream.of(ranks)),
                        IntStream.concat(IntStream.of(starts), members))
                .toArray();
    }
}
