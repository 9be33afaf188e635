package cntk.spark;

import cntk.cli.StoredMatrix;
import cntk.dataset.InputException;
import cntk.gram.DamageListener;
import cntk.gram.GramSpec;
import cntk.gram.GramStore;
import cntk.gram.ZarrGramStore;
import cntk.plan.KernelKind;
import cntk.plan.Precision;
import cntk.plan.TilePlan;
import java.io.Serializable;
import java.nio.file.Path;

/**
 * Where the tiles of one network's matrix go, as it travels to an executor.
 *
 * @param directory absolute, on a file system that all machines share
 */
record StoreRecipe(
        String directory,
        int rows,
        int cols,
        int side,
        boolean symmetric,
        Precision precision,
        KernelKind kind,
        String networkId)
        implements Serializable {

    static StoreRecipe of(StoredMatrix.Part part) {
        GramSpec spec = part.spec();
        return new StoreRecipe(
                part.directory().toAbsolutePath().toString(),
                spec.plan().rows(),
                spec.plan().cols(),
                spec.plan().side(),
                spec.plan().symmetric(),
                spec.precision(),
                spec.kind(),
                spec.networkId());
    }

    GramSpec spec() {
        return new GramSpec(new TilePlan(rows, cols, side, symmetric), precision, kind, networkId);
    }

    /**
     * Opens the store that the driver has made, beside other processes.
     *
     * @throws InputException if it is not there: an executor that made one of its own would lose its tiles
     */
    GramStore open(String executor) {
        Path path = Path.of(directory);
        DamageListener listener = DamageListener.logging();
        try {
            ZarrGramStore.openReadOnly(path, spec(), listener).close();
        } catch (InputException absent) {
            throw new InputException(
                    executor + " does not see the store of the driver: " + absent.getMessage()
                            + "\nhint: --out must be on a file system that all machines share under the same name",
                    absent);
        }
        return ZarrGramStore.share(path, spec(), listener);
    }
}
