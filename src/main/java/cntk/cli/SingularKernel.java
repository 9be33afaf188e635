package cntk.cli;

import cntk.dataset.InputException;
import cntk.solve.NearDuplicates;
import cntk.solve.Spectrum;
import java.util.List;
import java.util.Locale;

/** A kernel that cannot be inverted to double precision: said with the images that cause it, where they can be named. */
final class SingularKernel {
    private SingularKernel() {}

    /**
     * Refuses K + shift I if an eigenvalue is not above the rounding floor.
     *
     * @throws InputException that names the kernel, the first two images that are copies, and a shift that helps
     */
    static void refuse(KernelData data, Spectrum spectrum, double shift) {
        if (spectrum.positiveDefinite(shift)) {
            return;
        }
        List<NearDuplicates.Pair> pairs = NearDuplicates.of(data.kernel(), 1);
        String cause = pairs.isEmpty()
                ? ""
                : ", training images " + pairs.getFirst().first() + " and "
                        + pairs.getFirst().second() + " (counted from 0) are copies to the kernel";
        throw new InputException(String.format(
                Locale.ROOT,
                "%s is singular to double precision with ridge %s: its smallest eigenvalue is %.3g, the largest %.3g%s\n"
                        + "hint: --ridge %.1e or larger, or --ridge loo",
                data.place(),
                shift,
                spectrum.smallest() + shift,
                spectrum.largest(),
                cause,
                Math.max(2 * spectrum.roundingFloor(), -2 * spectrum.smallest())));
    }
}
