package cntk.backend;

import cntk.arch.Network;
import cntk.backend.cpu.CpuBackend;
import cntk.plan.KernelKind;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import cntk.support.GoldenCase;

class CpuBackendF64Test extends TileBackendContract {
    @Override
    KernelBackend backend(Network network, KernelKind kind, int threads) {
        return new CpuBackend(KernelTask.of(network, kind), Precision.F64, threads);
    }

    @Override
    double tolerance() {
        return 1e-12;
    }

    /** The square-root singularity at c = 1 leaves 1e-8 where equal directions meet only by rounding. */
    @Override
    double goldenTolerance(GoldenCase golden) {
        return golden.name().startsWith("special_scale3") ? 1e-8 : 1e-12;
    }
}
