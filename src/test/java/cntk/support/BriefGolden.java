package cntk.support;

import cntk.dataset.ImageSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All golden files, cut down to what virtual GPUs get through in seconds: of those of 32x32 pixels that read every plane one pair of
 * images is left, the first with the second. CNTK_ALL_GOLDEN=1 leaves them whole.
 */
public final class BriefGolden {
    private static final int LONG = 1024; // pixels

    private BriefGolden() {}

    /** In the order of {@link CoveredGolden#all}. */
    public static List<GoldenCase> all() {
        boolean whole = System.getenv("CNTK_ALL_GOLDEN") != null;
        return CoveredGolden.all().stream()
                .map(golden -> whole || !isLong(golden) ? golden : firstPair(golden))
                .toList();
    }

    /** Whether a pair takes seconds. */
    public static boolean isLong(GoldenCase golden) {
        boolean equalPixelsOnly =
                golden.name().startsWith("arora_cntk_v_") || golden.name().startsWith("fc_");
        return golden.shape().pixels() >= LONG && !equalPixelsOnly;
    }

    private static GoldenCase firstPair(GoldenCase golden) {
        int column = golden.x2() == null ? 1 : 0;
        return new GoldenCase(
                golden.name(),
                golden.shape(),
                golden.arch(),
                only(golden.x1(), 0),
                only(golden.columns(), column),
                entry(golden.nngp(), column),
                entry(golden.ntk(), column),
                golden.document());
    }

    private static ImageSet only(ImageSet images, int image) {
        double[] values = new double[images.shape().values()];
        images.read(image, values);
        return ImageSet.ofValues(images.name() + "/" + image, images.shape(), new double[][] {values});
    }

    private static double @Nullable [][] entry(double @Nullable [][] matrix, int column) {
        if (matrix == null) {
            return null;
        }
        double[] row = {matrix[0][column]};
        return new double[][] {row};
    }
}
