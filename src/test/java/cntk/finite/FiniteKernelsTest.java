package cntk.finite;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.dataset.ImageShape;
import cntk.maths.CntkRecursion;
import cntk.maths.KernelPair;
import cntk.support.RandomImages;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Networks of finite width, drawn at random and differentiated by backpropagation, have the kernels of the oracle on average. The
 * error of a finite width goes with 1/width, that of the mean over draws with 1/sqrt(width draws): wide nets, few draws.
 */
class FiniteKernelsTest {
    private static final long SEED = 20250101;

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
                conv and pool; 2x6x6; 256; 24; conv(b=0.3) relu avgpool conv(w=1.2,b=0.1) avgpool relu gap dense(b=0.1)
                residual; 2x3x4; 256; 20; conv(b=0.2) residual(relu conv(w=1.1,b=0.2) relu conv(w=0.8,train=false)) relu flatten dense(w=1.3)
                two ways; 2x4x4; 256; 40; conv relu residual(avgpool conv | conv(k=1,w=1,b=0.1) avgpool) relu gap dense
                fully connected; 3x2x2; 512; 40; flatten dense(w=1.3,b=0.2) erf dense(w=1.3,b=0.2) relu dense(w=1.1,b=0.3) sin dense(b=0.1)
                windows; 2x6x5; 192; 56; conv(stride=2,b=0.2) gelu conv(pad=circular) leakyrelu(a=0.2) lap(c=1) conv(k=1,b=0.1) relu avgpool(k=2,stride=1) flatten dense
                no padding; 1x7x7; 192; 40; conv(pad=valid) abs conv(k=5,pad=valid,b=0.1) rbf(gamma=0.3) gap dense(b=0.1)
                """)
    void wideRandomNetworksHaveTheKernelsOnAverage(String name, String size, int width, int draws, String text) {
        String[] sides = size.split("x");
        ImageShape shape =
                new ImageShape(Integer.parseInt(sides[0]), Integer.parseInt(sides[1]), Integer.parseInt(sides[2]));
        Network network = ArchitectureParser.network(text, shape);
        double[] x = image(shape, 1);
        double[] z = image(shape, 2);
        Estimate[] estimates = new Estimate[6];
        for (int estimate = 0; estimate < estimates.length; estimate++) {
            estimates[estimate] = new Estimate();
        }
        for (int draw = 0; draw < draws; draw++) {
            FiniteNetwork finite = new FiniteNetwork(network, width, SEED + draw);
            FiniteNetwork.Answer ofX = finite.answer(x);
            FiniteNetwork.Answer ofZ = finite.answer(z);
            estimates[0].add(ofX.nngp(ofX));
            estimates[1].add(ofX.nngp(ofZ));
            estimates[2].add(ofZ.nngp(ofZ));
            estimates[3].add(ofX.ntk(ofX));
            estimates[4].add(ofX.ntk(ofZ));
            estimates[5].add(ofZ.ntk(ofZ));
        }
        CntkRecursion recursion = CntkRecursion.of(network);
        KernelPair xx = recursion.evaluate(x, x);
        KernelPair xz = recursion.evaluate(x, z);
        KernelPair zz = recursion.evaluate(z, z);
        double[] exact = {xx.nngp(), xz.nngp(), zz.nngp(), xx.ntk(), xz.ntk(), zz.ntk()};
        for (int estimate = 0; estimate < exact.length; estimate++) {
            String what = "%s, width %d, %d draws, seed %d, entry %d: mean %s +- %s for %s"
                    .formatted(
                            name,
                            width,
                            draws,
                            SEED,
                            estimate,
                            estimates[estimate].mean(),
                            estimates[estimate].standardError(),
                            exact[estimate]);
            System.out.println(what);
            assertThat(Math.abs(estimates[estimate].mean() - exact[estimate]))
                    .as(what)
                    .isLessThanOrEqualTo(3 * estimates[estimate].standardError());
            assertThat(estimates[estimate].standardError()).as(what).isLessThan(0.04 * Math.abs(exact[estimate]));
        }
    }

    private static double[] image(ImageShape shape, long seed) {
        double[] values = new double[shape.values()];
        RandomImages.of(1, shape, seed).read(0, values);
        return values;
    }

    private static final class Estimate {
        private int count;
        private double sum;
        private double squares;

        void add(double value) {
            count++;
            sum += value;
            squares += value * value;
        }

        double mean() {
            return sum / count;
        }

        double standardError() {
            return Math.sqrt((squares / count - mean() * mean()) / (count - 1));
        }
    }
}
