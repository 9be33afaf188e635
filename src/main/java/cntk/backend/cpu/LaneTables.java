package cntk.backend.cpu;

import cntk.plan.PlaneProgram;
import cntk.plan.Precision;
import cntk.plan.Segment;
import java.util.List;

/**
 * The images b as the lanes read them. Either one image, whose lanes are neighbouring column displacements: rows run
 * backwards and double, so that lane dj of column j finds column (j - dj) mod W by one unaligned load. Or as many images as
 * lanes, interleaved, at one displacement for all.
 */
final class LaneTables {
    /** One image b, lane = column displacement; or lane = image b. */
    enum Lanes {
        DISPLACEMENTS,
        IMAGES
    }

    private final Lanes kind;
    private final int lanes;
    private final Table pixels;
    private final Table[] factors;
    private final ActivationFactors[] read;

    /** Numbers per pixel of a segment: rows of {@code columns} stored columns, {@code column} numbers from one to the next. */
    private record Table(Cells cells, int height, int width, int columns, int column) {
        int row(int i, int dj, Lanes kind, int perColumn) {
            return switch (kind) {
                case DISPLACEMENTS -> perColumn * i * columns + width - 1 + dj;
                case IMAGES -> (i * columns + (width - dj) % width) * column;
            };
        }
    }

    private LaneTables(PlaneProgram program, Precision precision, Lanes kind, int channels) {
        this.kind = kind;
        this.lanes = PlaneRows.lanes(precision);
        this.pixels = table(program.segments().getFirst(), precision, channels, 1);
        this.factors = new Table[program.activations()];
        this.read = new ActivationFactors[factors.length];
        for (int activation = 0; activation < factors.length; activation++) {
            read[activation] = ActivationFactors.of(program, activation, precision);
            factors[activation] = table(program.segmentOf(activation), precision, 2, 2);
        }
    }

    /** @param perColumn numbers of one lane that stand side by side in a column of interleaved images */
    private Table table(Segment segment, Precision precision, int perPixel, int perColumn) {
        int width = segment.width();
        boolean displaced = segment.planes() > 1;
        int columns = kind == Lanes.DISPLACEMENTS
                ? width + Math.ceilDiv(width, lanes) * lanes
                : displaced ? 2 * width - 1 : width;
        int cells = perPixel * segment.height() * columns * (kind == Lanes.IMAGES ? lanes : 1) + lanes;
        return new Table(
                Cells.of(precision, cells),
                segment.height(),
                width,
                columns,
                kind == Lanes.IMAGES ? perColumn * lanes : -1);
    }

    /** Tables of one image, lane = column displacement. */
    static LaneTables ofDisplacements(PlaneProgram program, Precision precision, ImageFactors image, double[] values) {
        Segment segment = program.segments().getFirst();
        int channels = values.length / (segment.height() * segment.width());
        LaneTables tables = new LaneTables(program, precision, Lanes.DISPLACEMENTS, channels);
        double scale = Math.scalb(1.0, program.inputExponent());
        int width = segment.width();
        int columns = tables.pixels.columns();
        for (int row = 0; row < channels * segment.height(); row++) {
            for (int m = 0; m < columns; m++) {
                double value = values[row * width + Math.floorMod(width - 1 - m, width)];
                tables.pixels.cells().set(row * columns + m, scale * value);
            }
        }
        for (int activation = 0; activation < tables.factors.length; activation++) {
            displace(image.deviations(activation), tables.factors[activation], tables.read[activation]);
        }
        return tables;
    }

    /** Factors of one image, every row backwards and more than once. */
    private static void displace(Cells kept, Table to, ActivationFactors read) {
        int width = to.width();
        for (int i = 0; i < to.height(); i++) {
            for (int m = 0; m < to.columns(); m++) {
                double value = kept.get(i * width + Math.floorMod(width - 1 - m, width));
                to.cells().set(2 * i * to.columns() + m, read.firstOfLane(value));
                to.cells().set((2 * i + 1) * to.columns() + m, read.second(value));
            }
        }
    }

    /** Tables of up to as many images as lanes; empty lanes hold zeros. */
    static LaneTables ofImages(
            PlaneProgram program, Precision precision, List<ImageFactors> images, List<double[]> values) {
        LaneTables tables = ofPixels(program, precision, values);
        for (int activation = 0; activation < tables.factors.length; activation++) {
            Cells[] deviations = new Cells[images.size()];
            for (int lane = 0; lane < deviations.length; lane++) {
                deviations[lane] = images.get(lane).deviations(activation);
            }
            tables.setFactors(activation, deviations);
        }
        return tables;
    }

    /** Tables of the pixels of images; the factors of every activation are still to be set. */
    static LaneTables ofPixels(PlaneProgram program, Precision precision, List<double[]> values) {
        Segment segment = program.segments().getFirst();
        int width = segment.width();
        int channels = values.getFirst().length / (segment.height() * width);
        LaneTables tables = new LaneTables(program, precision, Lanes.IMAGES, channels);
        int columns = tables.pixels.columns();
        double scale = Math.scalb(1.0, program.inputExponent());
        for (int lane = 0; lane < values.size(); lane++) {
            double[] from = values.get(lane);
            for (int row = 0; row < channels * segment.height(); row++) {
                for (int m = 0; m < columns; m++) {
                    double value = from[row * width + m % width];
                    tables.pixels.cells().set((row * columns + m) * tables.lanes + lane, scale * value);
                }
            }
        }
        return tables;
    }

    /** Sets the {@link ActivationFactors} of interleaved images, one per lane, before one activation: lane by lane at each pixel, as they lie. */
    void setFactors(int activation, Cells[] deviations) {
        Table table = factors[activation];
        for (int i = 0; i < table.height(); i++) {
            for (int m = 0; m < table.columns(); m++) {
                int pixel = i * table.width() + m % table.width();
                int at = (i * table.columns() + m) * 2 * lanes;
                for (int lane = 0; lane < deviations.length; lane++) {
                    double value = deviations[lane].get(pixel);
                    table.cells().set(at + lane, read[activation].firstOfLane(value));
                    table.cells().set(at + lanes + lane, read[activation].second(value));
                }
            }
        }
    }

    Lanes kind() {
        return kind;
    }

    int channels() {
        return (pixels.cells().length() - lanes) / channelStride();
    }

    Cells pixels() {
        return pixels.cells();
    }

    Cells factors(int activation) {
        return factors[activation].cells();
    }

    /** From a column of pixels to the next. */
    int pixelStep() {
        return pixels.column();
    }

    int channelStride() {
        return pixels.height() * pixels.columns() * (kind == Lanes.IMAGES ? lanes : 1);
    }

    /** From a column of factors to the next. */
    int factorStep() {
        return kind == Lanes.IMAGES ? 2 * lanes : -1;
    }

    /** From an L to the 1 / L that belongs to it. */
    int inverseOffset(int activation) {
        return kind == Lanes.IMAGES ? lanes : factors[activation].columns();
    }

    /** Offset of the pixels of row {@code i} of b that meet column 0 of a, at (first) column displacement {@code dj}. */
    int pixelRow(int i, int dj) {
        return pixels.row(i, dj, kind, 1);
    }

    /** The same for the factors. */
    int factorRow(int activation, int i, int dj) {
        return factors[activation].row(i, dj, kind, 2);
    }
}
