package cntk.backend;

import cntk.arch.Network;
import cntk.plan.Precision;

/** What computes a kernel, as far as its bits and the size of its tiles depend on it: devices here or on other machines. */
public interface KernelDevices {
    /** What the bits of a kernel depend on: {@code cpu}, {@code cuda}, {@code cuda+cpu} or {@code oracle}. */
    String backend();

    /** Whether entries of one matrix may come from different arithmetics, equal within their tolerances only. */
    boolean mixed();

    /** What a pair costs as far as the size of a tile is concerned; depends on the kind of devices only, never on which. */
    double nanosPerPair(Network network, Precision precision);

    /** Why these: one phrase for the log and the run record. */
    String reason();
}
