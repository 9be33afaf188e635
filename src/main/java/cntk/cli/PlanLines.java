package cntk.cli;

import cntk.arch.Network;
import cntk.plan.Exchange;
import cntk.plan.PlaneProgram;
import cntk.plan.PlaneStep;
import cntk.plan.Precision;
import cntk.plan.Segment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** How a network runs on planes, for {@code cntk arch}: its segments, and where planes meet between them. */
final class PlanLines {
    private PlanLines() {}

    /** A line for every segment and every exchange; numbers are per pair of images, in float. */
    static List<String> of(Network network) {
        PlaneProgram program = program(network);
        List<String> lines = new ArrayList<>();
        for (int index = 0; index < program.segments().size(); index++) {
            Segment segment = program.segments().get(index);
            lines.add(String.format(
                    Locale.ROOT,
                    "%-16s %s: %,d of %,d planes, %s, %,d entries each layer",
                    "segment " + (index + 1),
                    segment.height() + "x" + segment.width(),
                    segment.planes(),
                    segment.height() * segment.width(),
                    count(layers(segment), "layer"),
                    entries(segment)));
            for (Exchange exchange : program.tensors()) {
                if (exchange.from() == index) {
                    lines.add(String.format(
                            Locale.ROOT,
                            "%-16s to segment %d: %,.1f KB of sums",
                            "  planes meet",
                            exchange.to() + 1,
                            bytes(program.segments().get(exchange.to())) / 1e3));
                }
            }
        }
        return lines;
    }

    static List<Map<String, Object>> fields(Network network) {
        PlaneProgram program = program(network);
        List<Map<String, Object>> segments = new ArrayList<>();
        for (int index = 0; index < program.segments().size(); index++) {
            Segment segment = program.segments().get(index);
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("height", segment.height());
            fields.put("width", segment.width());
            fields.put("planes", segment.planes());
            fields.put("layers", layers(segment));
            fields.put("entries_per_pair", entries(segment));
            List<Integer> sends = new ArrayList<>();
            for (Exchange exchange : program.tensors()) {
                if (exchange.from() == index) {
                    sends.add(exchange.to());
                }
            }
            fields.put("planes_meet_in_segments", sends);
            fields.put("bytes_received_f32", index == 0 ? 0 : bytes(segment));
            segments.add(fields);
        }
        return segments;
    }

    private static PlaneProgram program(Network network) {
        return PlaneProgram.of(List.of(network), Precision.F32, 1);
    }

    /** Convolutions, and activations without one. */
    private static int layers(Segment segment) {
        return (int) segment.steps().stream()
                .filter(step -> step instanceof PlaneStep.Conv || step instanceof PlaneStep.Activation)
                .count();
    }

    private static long entries(Segment segment) {
        return (long) segment.planes() * segment.height() * segment.width();
    }

    /** S and T~ of all planes that the segment loads. */
    private static long bytes(Segment segment) {
        return 2 * entries(segment) * Float.BYTES;
    }

    private static String count(int number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }
}
