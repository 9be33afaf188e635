package cntk.backend.cuda;

import cntk.plan.Exchange;
import cntk.plan.PlaneProgram;
import cntk.plan.Segment;
import java.util.ArrayList;
import java.util.List;

/**
 * A plane program as the kernels read it; the layouts are those of {@code kernels-cuda/common/program.cuh}.
 *
 * <p>Of every image there is a record of {@code recordStride} numbers: C H W pixels times 2^inputExponent, then the standard
 * deviations before each activation. Every pair has an arena of {@code arenaStride} states {S, T~} for planes that meet.
 *
 * @param segments in order
 * @param exchanges by the numbers of {@link PlaneProgram#tensors}; to be run when their sending segment is done
 * @param weights of all weighted readouts
 * @param pixelNumbers C H W, the numbers of a record that are pixels
 */
record StepTable(
        List<SegmentTable> segments,
        List<ExchangeTable> exchanges,
        double[] weights,
        int pixelNumbers,
        long recordStride,
        long arenaStride) {

    /** @param channels of the images */
    static StepTable of(PlaneProgram program, int channels) {
        Segment first = program.segments().getFirst();
        int pixelNumbers = channels * first.height() * first.width();
        List<ExchangeTable> exchanges = new ArrayList<>();
        long arena = 0;
        for (Exchange exchange : program.tensors()) {
            ExchangeTable table = ExchangeTable.of(program, exchange, arena);
            exchanges.add(table);
            arena = table.end();
        }
        ReadWeights weights = new ReadWeights();
        List<SegmentTable> segments = new ArrayList<>();
        long deviations = pixelNumbers;
        for (Segment segment : program.segments()) {
            StepEncoder encoder = new StepEncoder(program, channels, exchanges, weights, deviations);
            segments.add(encoder.encode(segment));
            deviations += (long) segment.activations() * segment.height() * segment.width();
        }
        return new StepTable(segments, exchanges, weights.toArray(), pixelNumbers, deviations, arena);
    }
}
