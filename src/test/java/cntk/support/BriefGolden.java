package cntk.support;

import java.util.List;

/**
 * The golden files that kernels compiled for this machine get through in seconds: all but those of 32x32 pixels that read every
 * plane, which take a minute each. CNTK_ALL_GOLDEN=1 takes them, too.
 */
public final class BriefGolden {
    private BriefGolden() {}

    /** In the order of {@link CoveredGolden#all}. */
    public static List<GoldenCase> all() {
        boolean all = System.getenv("CNTK_ALL_GOLDEN") != null;
        return CoveredGolden.all().stream()
                .filter(golden -> all || golden.shape().pixels() < 1024 || readsEqualPixelsOnly(golden))
                .toList();
    }

    private static boolean readsEqualPixelsOnly(GoldenCase golden) {
        return golden.name().startsWith("arora_cntk_v_") || golden.name().startsWith("fc_");
    }
}
