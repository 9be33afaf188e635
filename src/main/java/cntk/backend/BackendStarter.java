package cntk.backend;

import cntk.plan.KernelTask;
import cntk.plan.Precision;

/** Makes the backend under test, such as one GPU, ready for a task. */
@FunctionalInterface
public interface BackendStarter {
    /** A new backend; the caller's to close. */
    KernelBackend start(KernelTask task, Precision precision);
}
