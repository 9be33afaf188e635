package cntk.spark;

import cntk.arch.ArchitectureParser;
import cntk.backend.Backends;
import cntk.dataset.ImageShape;
import cntk.plan.KernelKind;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import java.io.Serializable;
import java.util.List;

/**
 * A {@link KernelTask} as it travels to an executor.
 *
 * @param networks canonical texts, which read back to equal networks
 * @param backend not {@code AUTO}
 */
record TaskRecipe(
        List<String> networks,
        ImageShape shape,
        KernelKind kind,
        boolean flip,
        boolean unitDiagonal,
        Precision precision,
        Backends.Choice backend)
        implements Serializable {

    static TaskRecipe of(KernelTask task, Precision precision, Backends.Choice backend) {
        return new TaskRecipe(
                task.networks().stream()
                        .map(network -> network.architecture().text())
                        .toList(),
                task.input(),
                task.kind(),
                task.flip(),
                task.unitDiagonal(),
                precision,
                backend);
    }

    KernelTask task() {
        return new KernelTask(
                networks.stream()
                        .map(text -> ArchitectureParser.network(text, shape))
                        .toList(),
                kind,
                flip,
                unitDiagonal);
    }
}
