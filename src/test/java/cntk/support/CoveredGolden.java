package cntk.support;

import java.util.List;

/** The golden files and what may be asked of them. */
public final class CoveredGolden {
    private CoveredGolden() {}

    /** All cases, for a {@code @MethodSource}. */
    public static List<GoldenCase> all() {
        return GoldenCase.all();
    }

    /** Relative error allowed against the digits of the file in double precision. */
    public static double f64Tolerance(GoldenCase golden) {
        return golden.name().startsWith("special_scale3") ? 1e-8 : 1e-12;
    }

    /** The same in single precision: where distinct images reach |c| = 1 by rounding alone, a root of the rounding is left. */
    public static double f32Tolerance(GoldenCase golden) {
        boolean singular = golden.name().contains("special");
        return singular ? 3e-4 : golden.name().contains("depth21") ? 2e-6 : 1e-6;
    }
}
