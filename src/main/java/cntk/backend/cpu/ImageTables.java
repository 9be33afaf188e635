package cntk.backend.cpu;

import cntk.plan.PlaneProgram;
import cntk.plan.Precision;

/**
 * Image a as the planes read it, broadcast to all lanes.
 *
 * @param pixels [c][i W + j], times 2^inputExponent
 * @param factors before each activation (of its segment) [i W + j][two numbers], see {@link ActivationFactors}
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
            ActivationFactors read = ActivationFactors.of(program, activation, precision);
            int pixels = program.segmentOf(activation).height()
                    * program.segmentOf(activation).width();
            Cells to = Cells.of(precision, 2 * pixels);
            for (int pixel = 0; pixel < pixels; pixel++) {
                double value = from.get(pixel);
                to.set(2 * pixel, read.first(value));
                to.set(2 * pixel + 1, read.second(value));
            }
            factors[activation] = to;
        }
        return new ImageTables(scaled, factors, image);
    }
}
