package cntk.backend.cuda;

import cntk.backend.cuda.MachineCode.Kind;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The instructions of a kernel in PTX, the text that nvcc makes once for all devices. What ptxas turns into operands of other
 * instructions is not counted: register moves, signs and magnitudes.
 */
final class PtxCode {
    private static final Set<String> OPERANDS = Set.of("mov", "neg", "abs");

    private final String text;

    PtxCode(String text) {
        this.text = text;
    }

    /** Instructions between two branches or labels, by kind, as {@link MachineCode#straightBlocks}. */
    List<Map<Kind, Integer>> straightBlocks(String kernel) {
        List<Map<Kind, Integer>> blocks = new ArrayList<>();
        Map<Kind, Integer> block = new EnumMap<>(Kind.class);
        for (String line : body(kernel).lines().map(String::strip).toList()) {
            boolean label = line.startsWith("$") && line.endsWith(":");
            Optional<Kind> kind = label ? Optional.empty() : kind(line);
            if (kind.isPresent()) {
                block.merge(kind.get(), 1, Integer::sum);
            }
            if (label || kind.equals(Optional.of(Kind.BRANCH))) {
                blocks.add(block);
                block = new EnumMap<>(Kind.class);
            }
        }
        blocks.add(block);
        return blocks;
    }

    private String body(String kernel) {
        int begin = text.indexOf(".entry " + kernel + "(");
        if (begin < 0) {
            throw new IllegalArgumentException("no kernel " + kernel + " in this PTX");
        }
        int end = text.indexOf("\n}", begin);
        return text.substring(text.indexOf("\n{", begin), end < 0 ? text.length() : end);
    }

    /** The kind of the instruction on a line; empty for directives, comments and operands. */
    private static Optional<Kind> kind(String line) {
        if (line.isEmpty() || "./{}".indexOf(line.charAt(0)) >= 0) {
            return Optional.empty();
        }
        String instruction = line.startsWith("@") ? line.substring(line.indexOf(' ') + 1) : line;
        String opcode = instruction.split("[\\s;]", 2)[0];
        String name = opcode.split("\\.", 2)[0];
        return OPERANDS.contains(name) ? Optional.empty() : Optional.of(kind(name, opcode));
    }

    private static Kind kind(String name, String opcode) {
        return switch (name) {
            case "fma", "mul", "add", "sub" -> opcode.endsWith(".f32") ? Kind.FP32 : Kind.OTHER;
            case "sqrt", "rsqrt", "rcp", "ex2", "lg2", "sin", "cos" -> Kind.SPECIAL;
            case "shfl" -> Kind.SHUFFLE;
            case "ld", "st" -> memory(opcode);
            case "cp", "atom", "red" -> Kind.GLOBAL;
            case "setp" -> opcode.endsWith(".f32") ? Kind.COMPARE : Kind.OTHER;
            case "bra", "brx", "ret", "exit", "call" -> Kind.BRANCH;
            default -> Kind.OTHER;
        };
    }

    private static Kind memory(String opcode) {
        if (opcode.contains(".shared")) {
            return Kind.SHARED;
        }
        if (opcode.contains(".param") || opcode.contains(".const")) {
            return Kind.OTHER;
        }
        return opcode.contains(".local") ? Kind.LOCAL : Kind.GLOBAL; // a generic address may be a global one
    }
}
