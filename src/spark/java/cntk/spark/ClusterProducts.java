package cntk.spark;

import cntk.gram.GramStore;
import cntk.plan.TilePlan;
import cntk.solve.OpenBlas;
import cntk.solve.RowBlockProduct;
import cntk.solve.RowProducts;
import cntk.solve.SolveStoppedException;
import cntk.solve.TiledMatrix;
import java.io.Serializable;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import scala.Function2;
import scala.collection.Iterator;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag$;
import scala.runtime.BoxedUnit;

/** K V as one Spark job: V is broadcast, a task reads the tiles of a block of rows and sends back those rows of the product. */
final class ClusterProducts implements RowProducts {
    /** What a task does; travels to the executors. */
    private interface Multiplying extends Function2<TaskContext, Iterator<Integer>, double[]>, Serializable {}

    private final JavaSparkContext context;
    private final String session;
    private final StoreRecipe store;

    ClusterProducts(JavaSparkContext context, String session, StoreRecipe store) {
        this.context = context;
        this.session = session;
        this.store = store;
    }

    @Override
    public void multiply(double[] v, int columns, Sink sink) {
        List<Integer> blocks =
                IntStream.range(0, store.spec().plan().rowBlocks()).boxed().toList();
        Broadcast<double[]> factor = context.broadcast(v);
        try {
            StoreRecipe recipe = store; // not this object, which does not travel
            Multiplying multiplying = (_, partition) -> rows(recipe, partition.next(), factor.value(), columns);
            context.setJobGroup(session, "cntk: product of the kernel with " + columns + " vectors", true);
            context.sc()
                    .runJob(
                            context.parallelize(blocks, blocks.size()).rdd(),
                            multiplying,
                            CollectionConverters.asScala(List.<Object>copyOf(blocks))
                                    .toSeq(),
                            (partition, rows) -> {
                                sink.take((Integer) partition, rows);
                                return BoxedUnit.UNIT;
                            },
                            ClassTag$.MODULE$.apply(double[].class));
        } catch (Exception failure) { // Scala declares none
            if (context.sc().isStopped()) {
                throw new SolveStoppedException(); // Spark ends before this process does
            }
            throw TaskFailures.unwrapped(failure, "a product of the kernel");
        } finally {
            if (!context.sc().isStopped()) {
                factor.destroy();
            }
        }
    }

    private static double[] rows(StoreRecipe recipe, int block, double[] v, int columns) {
        OpenBlas library = OpenBlas.load();
        library.setThreads(1); // the bits of one thread, and a core a task
        TilePlan plan = recipe.spec().plan();
        try (GramStore store = recipe.read()) {
            TiledMatrix kernel = new TiledMatrix(plan, store::read, recipe.precision());
            return RowBlockProduct.of(library, kernel, block, v, columns);
        }
    }
}
