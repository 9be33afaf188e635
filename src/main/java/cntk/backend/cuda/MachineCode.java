package cntk.backend.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The machine instructions of a kernel in a cubin (an ELF file), counted without a disassembler: since sm_70 an instruction
 * takes 16 bytes, the low 9 bits of which name its kind. The numbers are not from a vendor's table; for the kernels here they are
 * confirmed by the counts that the sources ask for (two special functions and 2.25 shuffles an entry, say).
 */
final class MachineCode {
    private static final int INSTRUCTION_BYTES = 16;
    private static final int KIND_BITS = 0x1ff;
    private static final int SECTION_HEADER_BYTES = 64;

    /** What the model tells apart. */
    enum Kind {
        FP32,
        SPECIAL,
        SHUFFLE,
        SHARED,
        GLOBAL,
        LOCAL,
        COMPARE,
        BRANCH,
        OTHER;

        static Kind of(int code) {
            return switch (code) {
                case 0x20, 0x21, 0x23 -> FP32; // FMUL, FADD, FFMA
                case 0x108 -> SPECIAL; // MUFU
                case 0x189 -> SHUFFLE;
                case 0x184, 0x188 -> SHARED; // LDS, STS
                case 0x181, 0x186, 0x1ae -> GLOBAL; // LDG, STG, LDGSTS
                case 0x183, 0x187 -> LOCAL; // LDL, STL
                case 0x0b -> COMPARE; // FSETP
                case 0x147, 0x14d, 0x141 -> BRANCH; // BRA, EXIT, BSYNC
                default -> OTHER;
            };
        }
    }

    private final ByteBuffer cubin;

    MachineCode(byte[] cubin) {
        this.cubin = ByteBuffer.wrap(cubin).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Instructions between two branches, by kind; the branch counts to what stands before it. */
    List<Map<Kind, Integer>> straightBlocks(String kernel) {
        ByteBuffer code = section(".text." + kernel);
        List<Map<Kind, Integer>> blocks = new ArrayList<>();
        Map<Kind, Integer> block = new EnumMap<>(Kind.class);
        for (int at = 0; at < code.limit(); at += INSTRUCTION_BYTES) {
            Kind kind = Kind.of(code.getShort(at) & KIND_BITS);
            block.merge(kind, 1, Integer::sum);
            if (kind == Kind.BRANCH) {
                blocks.add(block);
                block = new EnumMap<>(Kind.class);
            }
        }
        return blocks;
    }

    private ByteBuffer section(String name) {
        long table = cubin.getLong(40);
        int count = cubin.getShort(60);
        int names = cubin.getShort(62);
        for (int index = 0; index < count; index++) {
            int header = (int) table + index * SECTION_HEADER_BYTES;
            int nameAt = (int) cubin.getLong((int) table + names * SECTION_HEADER_BYTES + 24) + cubin.getInt(header);
            if (name.equals(text(nameAt))) {
                return cubin.slice((int) cubin.getLong(header + 24), (int) cubin.getLong(header + 32))
                        .order(ByteOrder.LITTLE_ENDIAN);
            }
        }
        throw new IllegalArgumentException("no section " + name + " in this cubin");
    }

    private String text(int at) {
        int end = at;
        while (cubin.get(end) != 0) {
            end++;
        }
        byte[] bytes = new byte[end - at];
        cubin.get(at, bytes);
        return new String(bytes, StandardCharsets.US_ASCII);
    }
}
