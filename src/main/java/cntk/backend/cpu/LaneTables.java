package cntk.backend.cpu;

import cntk.plan.PlaneProgram;
import cntk.plan.Precision;
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

    /** 1 - 2^-51; see {@link DoubleReluLoops}. In float it rounds away. */
    static final double SHRINK = 1 - 0x1p-51;

    private final Lanes kind;
    private final int height;
    private final int width;
    private final int lanes;
    private final int channels;
    private final int columns; // stored in each row
    private final Cells pixels;
    private final Cells[] factors;

    private LaneTables(
            Lanes kind, int height, int width, int lanes, int channels, int columns, Precision precision, int relus) {
        this.kind = kind;
        this.height = height;
        this.width = width;
        this.lanes = lanes;
        this.channels = channels;
        this.columns = columns;
        int column = kind == Lanes.IMAGES ? lanes : 1;
        this.pixels = Cells.of(precision, channels * height * columns * column + lanes);
        this.factors = new Cells[relus];
        for (int relu = 0; relu < relus; relu++) {
            factors[relu] = Cells.of(precision, 2 * height * columns * column + lanes);
        }
    }

    /** Tables of one image, lane = column displacement. */
    static LaneTables ofDisplacements(
            PlaneProgram program, Precision precision, int height, int width, ImageFactors image, double[] values) {
        int lanes = PlaneRows.lanes(precision);
        int channels = values.length / (height * width);
        int columns = width + Math.ceilDiv(width, lanes) * lanes;
        LaneTables tables = new LaneTables(
                Lanes.DISPLACEMENTS, height, width, lanes, channels, columns, precision, program.relus());
        double scale = Math.scalb(1.0, program.inputExponent());
        for (int i = 0; i < height; i++) {
            for (int m = 0; m < columns; m++) {
                int col = Math.floorMod(width - 1 - m, width);
                for (int c = 0; c < channels; c++) {
                    tables.pixels.set((c * height + i) * columns + m, scale * values[(c * height + i) * width + col]);
                }
                for (int relu = 0; relu < tables.factors.length; relu++) {
                    double value = image.deviations(relu).get(i * width + col);
                    tables.factors[relu].set(2 * i * columns + m, SHRINK * value);
                    tables.factors[relu].set((2 * i + 1) * columns + m, ImageTables.inverse(value));
                }
            }
        }
        return tables;
    }

    /**
     * Tables of up to as many images as lanes; empty lanes hold zeros.
     *
     * @param displaced whether displacements other than (0,0) will be asked for
     */
    static LaneTables ofImages(
            PlaneProgram program,
            Precision precision,
            int height,
            int width,
            List<ImageFactors> images,
            List<double[]> values,
            boolean displaced) {
        int lanes = PlaneRows.lanes(precision);
        int channels = values.getFirst().length / (height * width);
        int columns = displaced ? 2 * width - 1 : width;
        LaneTables tables =
                new LaneTables(Lanes.IMAGES, height, width, lanes, channels, columns, precision, program.relus());
        double scale = Math.scalb(1.0, program.inputExponent());
        for (int lane = 0; lane < images.size(); lane++) {
            double[] from = values.get(lane);
            for (int row = 0; row < channels * height; row++) {
                for (int m = 0; m < columns; m++) {
                    tables.pixels.set((row * columns + m) * lanes + lane, scale * from[row * width + m % width]);
                }
            }
            for (int relu = 0; relu < tables.factors.length; relu++) {
                tables.interleave(tables.factors[relu], images.get(lane).deviations(relu), lane);
            }
        }
        return tables;
    }

    private void interleave(Cells to, Cells from, int lane) {
        for (int i = 0; i < height; i++) {
            for (int j = 0; j < width; j++) {
                double value = from.get(i * width + j);
                double inverse = ImageTables.inverse(value);
                for (int m = j; m < columns; m += width) {
                    int at = (i * columns + m) * 2 * lanes + lane;
                    to.set(at, SHRINK * value);
                    to.set(at + lanes, inverse);
                }
            }
        }
    }

    Lanes kind() {
        return kind;
    }

    int channels() {
        return channels;
    }

    Cells pixels() {
        return pixels;
    }

    Cells factors(int relu) {
        return factors[relu];
    }

    /** From a column of pixels to the next. */
    int pixelStep() {
        return kind == Lanes.IMAGES ? lanes : -1;
    }

    int channelStride() {
        return height * columns * (kind == Lanes.IMAGES ? lanes : 1);
    }

    /** From a column of factors to the next. */
    int factorStep() {
        return kind == Lanes.IMAGES ? 2 * lanes : -1;
    }

    /** From an L to the 1 / L that belongs to it. */
    int inverseOffset() {
        return kind == Lanes.IMAGES ? lanes : columns;
    }

    /** Offset of the pixels of row {@code i} of b that meet column 0 of a, at (first) column displacement {@code dj}. */
    int pixelRow(int i, int dj) {
        return switch (kind) {
            case DISPLACEMENTS -> i * columns + width - 1 + dj;
            case IMAGES -> (i * columns + (width - dj) % width) * lanes;
        };
    }

    /** The same for the factors. */
    int factorRow(int i, int dj) {
        return switch (kind) {
            case DISPLACEMENTS -> 2 * i * columns + width - 1 + dj;
            case IMAGES -> (i * columns + (width - dj) % width) * 2 * lanes;
        };
    }
}
