package cntk.report;

import cntk.solve.PcgReport;
import java.util.LinkedHashMap;
import java.util.Map;

/** The object that {@code cntk run --json} prints: the scripts' side of the contract. Numbers that are not finite become null. */
public final class ResultJson {
    private ResultJson() {}

    /** One JSON object without a line end: the main network's, with the others as {@code readouts} where there are any. */
    public static String of(SweepResult result) {
        Map<String, Object> fields = fields(result.main());
        if (!result.readouts().isEmpty()) {
            fields.put(
                    "readouts",
                    result.readouts().stream()
                            .map(readout -> {
                                Map<String, Object> one = new LinkedHashMap<>();
                                one.put("readout", readout.label());
                                one.putAll(fields(readout.result()));
                                return one;
                            })
                            .toList());
        }
        return Json.text(fields);
    }

    /** The same as a map, for {@code run.json}. */
    static Map<String, Object> fields(RunResult result) {
        Proportion overall = result.evaluation().overall();
        Map<String, Object> fields = new LinkedHashMap<>();
        put(fields, "accuracy", overall.share());
        put(fields, "accuracy_low", overall.low());
        put(fields, "accuracy_high", overall.high());
        fields.put("correct", overall.successes());
        fields.put("train", result.train());
        fields.put("test", result.test());
        fields.put("pairs", result.kernel().pairs());
        fields.put("computed_pairs", result.kernel().computedPairs());
        put(fields, "pairs_per_second", result.kernel().pairsPerSecond());
        put(fields, "kernel_seconds", result.kernel().seconds());
        put(fields, "solve_seconds", result.solve().seconds());
        fields.put("backend", result.kernel().backend());
        fields.put("threads", result.kernel().threads());
        fields.put("kind", result.kernel().kind());
        fields.put("flip", result.kernel().flip());
        fields.put("unit_diagonal", result.kernel().unitDiagonal());
        fields.put("precision", result.kernel().precision());
        fields.put("network", result.network());
        fields.put("network_id", result.networkId());
        fields.put("solver", result.solve().solver());
        put(fields, "ridge", result.solve().ridge());
        fields.put("solver", result.solve().solver());
        put(fields, "condition", result.solve().condition());
        put(fields, "smallest_pivot", result.solve().smallestPivot());
        if (result.solve().pcg() != null) {
            fields.put("pcg", pcg(result.solve().pcg()));
        }
        fields.put("classes", classes(result.evaluation()));
        fields.put("confusion", result.evaluation().confusionMatrix());
        fields.put("warnings", result.warnings());
        fields.put("out", result.out());
        return fields;
    }

    private static Map<String, Object> pcg(PcgReport pcg) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("iterations", pcg.iterations());
        fields.put("resumed_at", pcg.resumedAt());
        fields.put("restarts", pcg.restarts());
        fields.put("rank", pcg.rank());
        put(fields, "residual", pcg.largestResidual());
        fields.put("residuals", pcg.residuals());
        put(fields, "prediction_error", pcg.predictionError());
        put(fields, "preconditioned_condition", pcg.condition());
        fields.put("bytes_read", pcg.bytesRead());
        fields.put("preconditioner_bytes_read", pcg.preconditionerBytes());
        put(fields, "preconditioner_seconds", pcg.preconditionerSeconds());
        put(fields, "seconds", pcg.seconds());
        return fields;
    }

    private static Map<String, Object> classes(Evaluation evaluation) {
        Map<String, Object> classes = new LinkedHashMap<>();
        for (int c = 0; c < evaluation.classNames().size(); c++) {
            Proportion share = evaluation.ofClass(c);
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("test", share.trials());
            fields.put("correct", share.successes());
            put(fields, "accuracy", share.share());
            classes.put(evaluation.classNames().get(c), fields);
        }
        return classes;
    }

    /** JSON has no NaN and no infinity. */
    private static void put(Map<String, Object> fields, String name, double value) {
        fields.put(name, Double.isFinite(value) ? value : null);
    }
}
