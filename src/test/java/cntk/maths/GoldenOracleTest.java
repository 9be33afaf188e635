package cntk.maths;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.arch.ArchitectureJson;
import cntk.arch.Network;
import cntk.dataset.ImageSet;
import cntk.support.CoveredGolden;
import cntk.support.GoldenCase;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GoldenOracleTest {
    static List<GoldenCase> covered() {
        return CoveredGolden.all();
    }

    @Test
    void everyGoldenFileIsCovered() {
        assertThat(covered()).hasSize(GoldenCase.names().size()).hasSizeGreaterThan(60);
    }

    @ParameterizedTest
    @MethodSource("covered")
    void oracleAgreesWithTheGoldenMatrices(GoldenCase golden) {
        Network network = Network.of(ArchitectureJson.parse(golden.archJson(), golden.name()), golden.shape());
        CntkRecursion recursion = CntkRecursion.of(network);
        List<PreparedImage> rows = prepared(recursion, golden.x1());
        List<PreparedImage> cols = golden.x2() == null ? rows : prepared(recursion, golden.columns());
        double[][] nngp = golden.matrixOf("nngp").orElseThrow();
        Optional<double[][]> ntk = golden.matrixOf("ntk");
        assertThat(network.layerWithoutTangent().isEmpty()).isEqualTo(ntk.isPresent());
        for (int row = 0; row < rows.size(); row++) {
            for (int col = golden.x2() == null ? row : 0; col < cols.size(); col++) {
                KernelPair kernels = recursion.evaluate(rows.get(row), cols.get(col));
                String entry = golden.name() + " [" + row + "," + col + "] ";
                check(entry + "nngp", kernels.nngp(), nngp[row][col], CoveredGolden.f64Tolerance(golden));
                if (ntk.isPresent()) {
                    check(entry + "ntk", kernels.ntk(), ntk.get()[row][col], CoveredGolden.f64Tolerance(golden));
                } else {
                    assertThat(kernels.ntk()).as(entry).isNaN();
                }
            }
        }
    }

    private static void check(String entry, double actual, double expected, double tolerance) {
        assertThat(actual).as(entry).isFinite();
        assertThat(Math.abs(actual - expected)).as(entry).isLessThanOrEqualTo(tolerance * Math.abs(expected));
    }

    private static List<PreparedImage> prepared(CntkRecursion recursion, ImageSet images) {
        double[] values = new double[images.shape().values()];
        return java.util.stream.IntStream.range(0, images.count())
                .mapToObj(image -> {
                    images.read(image, values);
                    return recursion.prepare(values);
                })
                .toList();
    }
}
