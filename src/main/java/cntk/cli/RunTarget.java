package cntk.cli;

import cntk.arch.Network;
import cntk.gram.GramManifest;
import java.nio.file.Path;

/**
 * One of the networks that a run computes in one sweep.
 *
 * @param label of a readout beside the main network; empty for the main network
 */
record RunTarget(String label, Network network, GramManifest manifest) {
    /** Where its files go in a run's directory: the directory itself for the main network. */
    Path directory(Path out) {
        return label.isEmpty() ? out : out.resolve(RunFolders.READOUTS).resolve(label);
    }

    @Override
    public String toString() {
        return label.isEmpty() ? "main" : label;
    }
}
