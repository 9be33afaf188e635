package cntk.spark;

import cntk.cli.StoredMatrix;
import cntk.dataset.InputException;
import cntk.gram.DamageListener;
import cntk.gram.GramSpec;
import cntk.gram.GramStore;
import cntk.gram.LocalFiles;
import cntk.gram.StoreFiles;
import cntk.gram.ZarrGramStore;
import cntk.plan.KernelKind;
import cntk.plan.Precision;
import cntk.plan.TilePlan;
import java.io.Serializable;
import java.nio.file.Path;
import org.apache.spark.SparkEnv;
import org.apache.spark.deploy.SparkHadoopUtil;

/**
 * Where the tiles of one network's matrix go, as it travels to an executor.
 *
 * @param place a directory on a file system that all machines share: an absolute path, or an address that Hadoop knows
 */
record StoreRecipe(
        String place,
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
                part.files() instanceof LocalFiles local
                        ? local.directory().toAbsolutePath().toString()
                        : part.files().place(""),
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
        try {
            read().close();
        } catch (InputException absent) {
            throw new InputException(
                    executor + " does not see the store of the driver: " + absent.getMessage()
                            + "\nhint: --out must be on a file system that all machines share under the same name",
                    absent);
        }
        return ZarrGramStore.share(files(), spec(), DamageListener.logging());
    }

    /** Opens the store for reading. */
    GramStore read() {
        return ZarrGramStore.openReadOnly(files(), spec(), DamageListener.logging());
    }

    private StoreFiles files() {
        return place.startsWith("/")
                ? new LocalFiles(Path.of(place))
                : new HadoopFiles(
                        place,
                        SparkHadoopUtil.get().newConfiguration(SparkEnv.get().conf()));
    }
}
