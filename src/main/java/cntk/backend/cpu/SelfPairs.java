package cntk.backend.cpu;

import cntk.plan.PlaneProgram;
import cntk.plan.PlaneStep;
import cntk.plan.Precision;
import cntk.plan.Segment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Factors of images where planes meet on the way: a variance behind a pooling layer is a mean over pixel pairs before it, so that
 * all planes of the image with itself are needed. In double, lane = image, both images of a pair from the same tables.
 */
final class SelfPairs {
    private final PlaneProgram program;
    private final Precision precision;
    private final PlaneSweep[] sweeps;
    private final PlaneTensor[] tensors;
    private final PlaneReader reader;
    private final int lanes = PlaneRows.lanes(Precision.F64);

    /** @param precision of the factors that come out */
    SelfPairs(PlaneProgram program, Precision precision) {
        this.program = program;
        this.precision = precision;
        List<Segment> segments = program.segments();
        this.sweeps = new PlaneSweep[segments.size()];
        this.tensors = PlaneTensor.of(program, Precision.F64, LaneTables.Lanes.IMAGES);
        for (int index = 0; index < sweeps.length; index++) {
            Segment segment = segments.get(index);
            SeamLinks seams = new SeamLinks(Precision.F64, segment.width(), segment.radius());
            sweeps[index] = new PlaneSweep(segment, program.tangentAtInput(), Precision.F64, seams, tensors);
        }
        this.reader = PlaneReader.of(program, Precision.F64);
    }

    /** Images that {@link #of} takes at once. */
    static int batch() {
        return PlaneRows.lanes(Precision.F64);
    }

    /** Factors of up to {@link #batch} images. */
    List<ImageFactors> of(List<double[]> values) {
        LaneTables tables = LaneTables.ofPixels(program, Precision.F64, values);
        List<List<Cells>> deviations = new ArrayList<>();
        values.forEach(_ -> deviations.add(new ArrayList<>()));
        double[][][] sums = new double[values.size()][program.readouts().size()][2];
        for (PlaneTensor tensor : tensors) {
            tensor.clear();
        }
        for (int index = 0; index < sweeps.length; index++) {
            trace(index, tables, values, deviations, sums);
            sweep(index, tables, sums);
        }
        List<ImageFactors> factors = new ArrayList<>();
        for (int lane = 0; lane < values.size(); lane++) {
            factors.add(new ImageFactors(rounded(deviations.get(lane)), sums[lane], Arrays.hashCode(values.get(lane))));
        }
        return factors;
    }

    /** Plane (0,0) first: it yields the factors that the other planes of the segment read. */
    private void trace(
            int index, LaneTables tables, List<double[]> values, List<List<Cells>> deviations, double[][][] sums) {
        Segment segment = program.segments().get(index);
        for (int lane = 0; lane < values.size(); lane++) {
            new TraceRecursion(segment, new Lane(segment, index, lane, values.get(lane), sums[lane]))
                    .run(segment.steps(), Precision.F64, deviations.get(lane));
        }
        int first = segment.firstActivation();
        for (int activation = first; activation < first + segment.activations(); activation++) {
            int number = activation;
            tables.setFactors(
                    number, deviations.stream().map(found -> found.get(number)).toArray(Cells[]::new));
        }
    }

    /** Plane (0,0) of one lane. */
    private final class Lane implements TraceRecursion.Source {
        private final Segment segment;
        private final int index;
        private final int lane;
        private final double[] values;
        private final double[][] sums;

        Lane(Segment segment, int index, int lane, double[] values, double[][] sums) {
            this.segment = segment;
            this.index = index;
            this.lane = lane;
            this.values = values;
            this.sums = sums;
        }

        @Override
        public double[][] input() {
            return ImageFactors.input(program, values);
        }

        @Override
        public double[][] load(int tensor) {
            double[][] state = new double[2][segment.height() * segment.width()];
            for (int i = 0; i < segment.height(); i++) {
                int row = tensors[tensor].row(0, 0, i);
                for (int j = 0; j < segment.width(); j++) {
                    int at = row + j * 2 * lanes + lane;
                    state[0][i * segment.width() + j] = tensors[tensor].cells().get(at);
                    state[1][i * segment.width() + j] = tensors[tensor].cells().get(at + lanes);
                }
            }
            return state;
        }

        @Override
        public void read(PlaneStep.Read step, TraceRecursion at) {
            if (index == 0) {
                ImageFactors.readTrace(program, step, at, sums);
            } // else plane (0,0) is read with all the others
        }
    }

    private void sweep(int index, LaneTables tables, double[][][] sums) {
        Segment segment = program.segments().get(index);
        PlaneReader.Sink sink = (readout, totals) -> {
            for (int lane = 0; lane < sums.length; lane++) {
                sums[lane][readout][0] += totals.get(lane);
                sums[lane][readout][1] += totals.get(lanes + lane);
            }
        };
        for (int di = 0; di < segment.height(); di++) {
            for (int dj = 0; segment.rows()[di] && dj < segment.width(); dj++) {
                if (!segment.cols()[dj]) {
                    continue;
                }
                sweeps[index].start(null, tables, di, dj);
                for (PlaneStep step : segment.steps()) {
                    if (step instanceof PlaneStep.Read read) {
                        readAll(read, index, di, dj, sink);
                    } else {
                        sweeps[index].step(step);
                    }
                }
            }
        }
    }

    private void readAll(PlaneStep.Read read, int index, int di, int dj, PlaneReader.Sink sink) {
        if (index > 0) {
            reader.read(read, sweeps[index], di, dj, sink);
        }
    }

    private List<Cells> rounded(List<Cells> exact) {
        return precision == Precision.F64
                ? exact
                : exact.stream().map(SelfPairs::toFloat).toList();
    }

    private static Cells toFloat(Cells exact) {
        Cells rounded = Cells.of(Precision.F32, exact.length());
        for (int at = 0; at < exact.length(); at++) {
            double value = exact.get(at);
            rounded.set(at, value < 0x1p-60 ? 0 : value);
        }
        return rounded;
    }
}
