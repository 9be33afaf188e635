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
class CudaBackendF64Test extends TileBackendContract {
    @Override
    KernelBackend backend(Network network, KernelKind kind, int threads) {
        return new CudaBackend(
                KernelTask.of(network, kind),
                Precision.F64,
                CudaDriver.find().devices().subList(0, threads));
    }

    @Override
    double tolerance() {
        return 1e-12;
    }

    @Override
    double goldenTolerance(GoldenCase golden) {
        return CoveredGolden.f64Tolerance(golden);
    }

    @Override
    List<GoldenCase> goldenCases() {
        return BriefGolden.all();
    }
}
