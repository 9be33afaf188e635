package cntk.solve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import cntk.dataset.Labels;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LearningCurveTest {
    private static final Labels LABELS = new Labels(
            IntStream.range(0, 30).map(image -> image < 20 ? image % 2 : 2).toArray(), List.of("a", "b", "c"));

    @Test
    void everyPartIsTheRegressionOfItsImages() {
        RegressionProblem problem = RegressionProblem.random(30, 5, 2, 6);
        List<int[]> parts = LearningCurve.parts(new Folds(30, LABELS, 1), 30, List.of(3, 12, 30), 3);
        assertThat(parts).hasSize(7);
        try (LearningCurve curve = new LearningCurve(OpenBlas.load(), problem.source());
                NativeMatrix targets = DenseMatrices.nativeCopy(problem.targets());
                NativeMatrix coefficients = curve.coefficients(parts, targets, 0.1)) {
            for (int part = 0; part < parts.size(); part++) {
                double[][] expected = problem.part(parts.get(part)).predictions(0.1);
                for (int test = 0; test < 5; test++) {
                    for (int output = 0; output < 2; output++) {
                        double predicted = 0;
                        for (int image = 0; image < 30; image++) {
                            predicted += problem.cross()[test][image] * coefficients.get(image, 2 * part + output);
                        }
                        assertThat(predicted).isCloseTo(expected[test][output], within(1e-11));
                    }
                }
            }
        }
    }

    @Test
    void drawsAreBalancedDistinctAndRepeatable() {
        Folds folds = new Folds(30, LABELS, 3);
        Folds again = new Folds(30, LABELS, 3);
        for (int count : new int[] {3, 7, 15, 30}) {
            int[] draw = folds.draw(count);
            assertThat(draw).hasSize(count).isSorted().doesNotHaveDuplicates().isEqualTo(again.draw(count));
            int[] perClass = new int[3];
            Arrays.stream(draw).forEach(image -> perClass[LABELS.of(image)]++);
            assertThat(Arrays.stream(perClass).max().orElseThrow()
                            - Arrays.stream(perClass).min().orElseThrow())
                    .isLessThanOrEqualTo(1);
        }
        assertThat(folds.draw(15)).isNotEqualTo(folds.draw(15));
    }

    @Test
    void foldsCoverEveryImageOnceWithClassesInProportion() {
        List<int[]> folds = new Folds(30, LABELS, 3).split(4);
        assertThat(folds.stream().flatMapToInt(Arrays::stream).sorted().toArray())
                .isEqualTo(IntStream.range(0, 30).toArray());
        for (int[] fold : folds) {
            assertThat(fold.length).isBetween(7, 8);
            assertThat(Arrays.stream(fold)
                            .filter(image -> LABELS.of(image) == 2)
                            .count())
                    .isBetween(2L, 3L);
        }
        assertThat(Folds.others(5, new int[] {1, 3})).containsExactly(0, 2, 4);
    }

    @Test
    void aSingularPartNamesAnImage() {
        double[][] k = DenseMatrices.randomPositiveDefinite(6, 0.1, 2);
        for (int col = 0; col < 6; col++) {
            k[5][col] = k[4][col];
        }
        for (int row = 0; row < 6; row++) {
            k[row][5] = k[row][4];
        }
        k[5][5] = Math.nextDown(k[4][4]) * (1 - 1e-12);
        try (LearningCurve curve = new LearningCurve(OpenBlas.load(), DenseMatrices.kernel(k));
                NativeMatrix targets = NativeMatrix.zeros(6, 1)) {
            assertThatThrownBy(() -> curve.coefficients(List.of(new int[] {0, 4, 5}), targets, 0))
                    .isInstanceOf(LearningCurve.SingularPartException.class)
                    .hasMessageContaining("3 drawn images")
                    .hasMessageContaining("image 5");
        }
    }

    @Test
    void copiesAreFoundAndOthersAreNot() {
        double[][] k = DenseMatrices.randomPositiveDefinite(8, 0.1, 2);
        for (int col = 0; col < 8; col++) {
            k[6][col] = k[1][col];
        }
        for (int row = 0; row < 8; row++) {
            k[row][6] = k[row][1];
        }
        assertThat(NearDuplicates.of(DenseMatrices.kernel(k), 5)).containsExactly(new NearDuplicates.Pair(1, 6, 0));
        k[6][6] *= 1.001;
        assertThat(NearDuplicates.of(DenseMatrices.kernel(k), 5)).isEmpty();
    }
}
