package cntk.cli;

import cntk.backend.Backends;
import cntk.backend.cuda.CudaDriver;
import java.util.Optional;

/** Where {@code cntk run} computes kernels: on this machine, or on those of a cluster, for which it is public. */
@FunctionalInterface
public interface KernelEngine {
    /** The devices of this machine. */
    KernelEngine LOCAL = (backend, devices) -> DeviceChoice.of(backend, devices, CudaDriver.find());

    /**
     * Decides what computes.
     *
     * @param devices the value of {@code --devices}; empty where it was not given
     * @throws cntk.dataset.InputException for what cannot be meant
     * @throws cntk.backend.BackendUnavailableException if devices are asked for that are not there
     */
    KernelSite choose(Backends.Choice backend, Optional<String> devices);
}
