package cntk.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cntk.dataset.Labels;
import cntk.solve.Predictions;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CalibrationTest {
    private static final int IMAGES = 20_000;

    /** Scores drawn from the very Gaussians that are predicted, the label being the highest of them; seed 9. */
    @Test
    void aTrueModelIsCalibrated() {
        Random random = new Random(9);
        int classes = 3;
        double[] means = new double[IMAGES * classes];
        double[] deviations = new double[IMAGES];
        double[][] targets = new double[IMAGES][classes];
        int[] labels = new int[IMAGES];
        for (int image = 0; image < IMAGES; image++) {
            deviations[image] = 0.2 + random.nextDouble();
            for (int c = 0; c < classes; c++) {
                means[image * classes + c] = random.nextGaussian();
                targets[image][c] = means[image * classes + c] + deviations[image] * random.nextGaussian();
                labels[image] = targets[image][c] > targets[image][labels[image]] ? c : labels[image];
            }
        }
        Calibration calibration = Calibration.of(
                Predictions.of(classes, means), deviations, targets, new Labels(labels, List.of("a", "b", "c")));
        for (Calibration.Coverage coverage : calibration.coverage()) {
            double error = Math.sqrt(coverage.nominal() * (1 - coverage.nominal()) / (IMAGES * classes));
            assertThat(coverage.observed()).isCloseTo(coverage.nominal(), within(4 * error));
        }
        Calibration.Classes ofClasses = calibration.classes().orElseThrow();
        int count = 0;
        for (Calibration.Bin bin : ofClasses.bins()) {
            double error = Math.sqrt(bin.confidence() * (1 - bin.confidence()) / bin.count());
            assertThat(bin.accuracy()).as("bin %s", bin).isCloseTo(bin.confidence(), within(4 * error));
            assertThat(bin.confidence()).isBetween(bin.low(), bin.high());
            count += bin.count();
        }
        assertThat(count).isEqualTo(IMAGES);
        assertThat(ofClasses.expectedError()).isLessThan(0.01);
        assertThat(ofClasses.negativeLogLikelihood()).isBetween(0.1, Math.log(classes));
    }

    @Test
    void theLikelihoodIsThatOfOneGaussian() {
        Calibration calibration = Calibration.of(
                Predictions.of(1, new double[] {0}), new double[] {2}, new double[][] {{1}}, Labels.NONE);
        assertThat(calibration.targetNegativeLogLikelihood()) // 1/8 + ln 2 + ln(2 pi)/2
                .isCloseTo(0.125 + 0.6931471805599453 + 0.9189385332046727, within(1e-14));
        assertThat(calibration.classes()).isEmpty();
        assertThat(calibration.coverage().getFirst().observed()).isEqualTo(1);
    }
}
