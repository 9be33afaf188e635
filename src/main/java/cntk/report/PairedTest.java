package cntk.report;

import org.apache.commons.numbers.gamma.RegularizedBeta;

/**
 * McNemar's exact test (1947) of two classifiers on the same images: those on which exactly one is right are fair coins if both
 * are equally good.
 *
 * @param onlyFirst images on which only the first is right
 * @param onlySecond images on which only the second is right
 * @param pValue two-sided
 */
public record PairedTest(int onlyFirst, int onlySecond, double pValue) {
    /** Compares image by image. */
    public static PairedTest of(boolean[] firstRight, boolean[] secondRight) {
        int first = 0;
        int second = 0;
        for (int image = 0; image < firstRight.length; image++) {
            first += firstRight[image] && !secondRight[image] ? 1 : 0;
            second += secondRight[image] && !firstRight[image] ? 1 : 0;
        }
        int all = first + second;
        int less = Math.min(first, second);
        // P(at most `less` heads of `all`) = I_1/2(all - less, less + 1)
        double tail = less == all ? 1 : RegularizedBeta.value(0.5, (double) all - less, less + 1.0);
        return new PairedTest(first, second, Math.min(1, 2 * tail));
    }
}
