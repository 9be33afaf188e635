package cntk.spark;

import cntk.arch.Network;
import cntk.backend.Backends;
import cntk.backend.KernelDevices;
import cntk.plan.CostModel;
import cntk.plan.Precision;

/**
 * The devices of the executors: all of one kind, known before there is any.
 *
 * @param kind not {@code AUTO}
 */
record ClusterDevices(Backends.Choice kind, String reason) implements KernelDevices {
    @Override
    public String backend() {
        return kind.word();
    }

    @Override
    public boolean mixed() {
        return false;
    }

    /** The same as on one machine, so that either goes on with what the other has left. */
    @Override
    public double nanosPerPair(Network network, Precision precision) {
        return switch (kind) {
            case CPU -> CostModel.nanosPerPair(network, precision);
            case CUDA -> CostModel.cudaNanosPerPair(network, precision);
            case ORACLE -> CostModel.oracleNanosPerPair(network);
            case AUTO -> throw new IllegalStateException("nothing was chosen");
        };
    }
}
