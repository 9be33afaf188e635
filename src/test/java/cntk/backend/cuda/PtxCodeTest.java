package cntk.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.backend.cuda.MachineCode.Kind;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PtxCodeTest {
    private static final String PTX = """
            .version 9.0
            .visible .entry other(
            )
            {
            \tfma.rn.f32 %f1, %f2, %f3, %f4;
            }
            .visible .entry mine(
            \t.param .u64 mine_param_0
            )
            .maxntid 256, 1, 1
            {
            \t.reg .pred \t%p<3>;
            \t// begin inline asm
            \tld.param.u64 %rd1, [mine_param_0];
            \tmov.b32 %r1, %f1;
            \tfma.rn.ftz.sat.f32 %f1, %f2, %f3, %f4;
            \tadd.f32 %f1, %f2, %f3;
            \tadd.s32 %r1, %r2, %r3;
            \tneg.f32 %f1, %f2;
            \t@%p1 bra $L__BB0_2;
            \tsqrt.approx.ftz.f32 %f1, %f2;
            \tshfl.sync.idx.b32 %r1|%p2, %r2, %r3, 31, -1;
            \tld.shared.v4.f32 {%f1, %f2, %f3, %f4}, [%r1];
            $L__BB0_2:
            \tsetp.lt.f32 %p1, %f1, %f2;
            \tst.global.f32 [%rd1], %f1;
            \tst.local.f32 [%rd1], %f1;
            \tcp.async.cg.shared.global [%r1], [%rd1], 16;
            \tld.volatile.f32 %f1, [%rd1];
            \tret;
            }
            """;

    @Test
    void instructionsOfAKernelAreCountedBlockByBlockAndOperandsAreNot() {
        List<Map<Kind, Integer>> blocks = new PtxCode(PTX).straightBlocks("mine");
        assertThat(blocks)
                .startsWith(
                        Map.of(Kind.FP32, 2, Kind.OTHER, 2, Kind.BRANCH, 1),
                        Map.of(Kind.SPECIAL, 1, Kind.SHUFFLE, 1, Kind.SHARED, 1),
                        Map.of(Kind.COMPARE, 1, Kind.GLOBAL, 3, Kind.LOCAL, 1, Kind.BRANCH, 1));
    }

    @Test
    void missingKernelIsNamed() {
        assertThatThrownBy(() -> new PtxCode(PTX).straightBlocks("none")).hasMessageContaining("no kernel none");
    }
}
