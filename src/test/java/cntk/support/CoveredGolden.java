package cntk.support;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Set;

/** The golden files, all of which the oracle takes, and those whose layers the planes of the cpu backend have so far. */
public final class CoveredGolden {
    private static final Set<String> OPS = Set.of("conv", "relu", "flatten", "gap", "dense");
    private static final Set<String> PADDINGS = Set.of("zero", "circular");

    private CoveredGolden() {}

    /** All cases, for a {@code @MethodSource}. */
    public static List<GoldenCase> all() {
        return GoldenCase.all();
    }

    /** The cases that the planes compute. */
    public static List<GoldenCase> onPlanes() {
        return GoldenCase.all().stream().filter(CoveredGolden::covers).toList();
    }

    /** Relative error allowed against the digits of the file in double precision. */
    public static double f64Tolerance(GoldenCase golden) {
        return golden.name().startsWith("special_scale3") ? 1e-8 : 1e-12;
    }

    private static boolean covers(GoldenCase golden) {
        for (JsonNode layer : golden.arch()) {
            boolean known = OPS.contains(layer.get("op").asText())
                    && layer.path("stride").asInt(1) == 1
                    && PADDINGS.contains(layer.path("padding").asText("zero"));
            if (!known) {
                return false;
            }
        }
        return true;
    }
}
