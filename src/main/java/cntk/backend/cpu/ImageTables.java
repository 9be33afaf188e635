package cntk.backend.cpu;

import cntk.plan.PlaneProgram;
import cntk.plan.Precision;

/**
 * Image a as the planes read it, broadcast to all lanes.
 *
 * @param pixels [c][i W + j], times 2^inputExponent
 * @param factors before each activation (of its segment) [i W + j][L, 1 / L]
 */
record ImageTables(Cells pixels, Cells[] factors, ImageFactors image) {
    static ImageTables of(PlaneProgram program, Precision precision, ImageFactors image, double[] values) {
        Cells scaled = Cells.of(precision, values.length);
        double scale = Math.scalb(1.0, program.inputExponent());
        for (int at = 0; at < values.length; at++) {
            scaled.set(at, scale * values[at]);
        }
        Cells[] factors = new Cells[program.activations()];
        for (int activation = 0; activation < factors.length; activation++) {
            Cells from = image.deviations(activation);
            int pixels = program.segmentOf(activation).height()
                    * program.segmentOf(activation).width();
            Cells to = Cells.of(precision, 2 * pixels);
            for (int pixel = 0; pixel < pixels; pixel++) {
                double value = from.get(pixel);
                to.set(2 * pixel, value);
                to.set(2 * pixel + 1, inverse(value));
            }
            factors[activation] = to;
        }
        return new ImageTables(scaled, factors, image);
    }

    /** 1 / L, 0 for zero variance. */
    static double inverse(double deviation) {
        return deviation == 0 ? 0 : 1 / deviation;
    }
}
