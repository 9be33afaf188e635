package cntk.backend;

import cntk.arch.Network;
import cntk.backend.cuda.CudaBackend;
import cntk.backend.cuda.CudaDriver;
import cntk.plan.KernelKind;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import cntk.support.BriefGolden;
import cntk.support.CoveredGolden;
import cntk.support.GoldenCase;
import cntk.support.VirtualGpuTest;
import java.util.List;

/** The contract on virtual GPUs: one device for every thread of the other backends. */
@VirtualGpuTest
class CudaBackendF32Test extends TileBackendContract {
    @Override
    KernelBackend backend(Network network, KernelKind kind, int threads) {
        return new CudaBackend(
                KernelTask.of(network, kind),
                Precision.F32,
                CudaDriver.find().devices().subList(0, threads));
    }

    @Override
    double tolerance() {
        return 2e-6;
    }

    @Override
    double goldenTolerance(GoldenCase golden) {
        return CoveredGolden.f32Tolerance(golden);
    }

    @Override
    List<GoldenCase> goldenCases() {
        return BriefGolden.all();
    }

    /**
     * Linear networks sum terms of both signs. conv_depth1_linear_gap has an entry whose terms cancel to an 810th of their absolute
     * sum, a 130th of the largest entry: it errs by 1.7e-6 (2e-9 of the terms), on the CPU by 1.2e-6; rounding its pixels alone, the
     * rest exact, makes 3e-7.
     */
    @Override
    double cancellationFloor() {
        return 0.02;
    }
}
