package cntk.spark;

import cntk.dataset.ImageSet;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.broadcast.Broadcast;

/**
 * A kernel matrix as it travels to an executor: what to compute of which images, and where it goes.
 *
 * @param session names the {@link ClusterSession}: an executor keeps backend and images as long as that stays the same
 * @param cols the same broadcast as {@code rows} for a symmetric matrix
 */
record MatrixRecipe(
        String session, TaskRecipe task, Broadcast<ImageSet> rows, Broadcast<ImageSet> cols, List<StoreRecipe> stores)
        implements Serializable {

    /** Names the matrix within the session. */
    String name() {
        return stores.getFirst().place();
    }
}
