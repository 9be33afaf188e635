package cntk.cli;

import cntk.backend.KernelDevices;
import cntk.backend.cuda.CudaDeviceInfo;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import java.util.List;

/** What was chosen to compute a kernel; nothing has started yet. */
public interface KernelSite {
    KernelDevices kernel();

    /** GPUs of this machine on which the regression may be solved. */
    List<CudaDeviceInfo> solver();

    /**
     * Gets ready for a task.
     *
     * @param threads on the CPU of this machine
     * @throws cntk.backend.BackendUnavailableException if it cannot start
     */
    KernelSession start(KernelTask task, Precision precision, int threads);
}
