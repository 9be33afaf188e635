package cntk.backend;

import cntk.arch.Network;
import cntk.backend.cpu.CpuBackend;
import cntk.plan.KernelKind;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import cntk.support.CoveredGolden;
import cntk.support.GoldenCase;

class CpuBackendF32Test extends TileBackendContract {
    @Override
    KernelBackend backend(Network network, KernelKind kind, int threads) {
        return new CpuBackend(KernelTask.of(network, kind), Precision.F32, threads);
    }

    @Override
    double tolerance() {
        return 2e-6;
    }

    @Override
    double goldenTolerance(GoldenCase golden) {
        return CoveredGolden.f32Tolerance(golden);
    }

    /** Linear networks (no ReLU) sum terms of both signs: conv_depth1_linear_gap has an entry of 3e-4 of the largest. */
    @Override
    double cancellationFloor() {
        return 0.01;
    }
}
