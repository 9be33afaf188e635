package cntk.spark;

import cntk.cli.KernelWatch;
import cntk.plan.Tile;
import cntk.plan.TilePlan;
import cntk.schedule.ProgressListener.Work;
import cntk.schedule.ScheduleResult;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Function2;
import scala.collection.Iterator;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag$;
import scala.runtime.BoxedUnit;

/**
 * Computes tiles of one matrix, a task each, in the order of the plan. Spark retries a failed task elsewhere, computes slow ones
 * twice if spark.speculation says so, and replaces executors; a tile that is stored is stored, whoever computed it.
 */
final class TileJob {
    /** Most tasks of a Spark job, whose bookkeeping the driver has in memory: a kilobyte or two each. */
    private static final int WAVE = 50_000;

    private static final long SHUTDOWN_SECONDS = 2;

    /** What a task does; travels to the executors. */
    private interface Computing extends Function2<TaskContext, Iterator<TileIndex>, TileOutcome>, Serializable {}

    private final JavaSparkContext context;
    private final String group;
    private final MatrixRecipe matrix;
    private final TilePlan plan;
    private final KernelWatch watch;
    private final Map<String, Integer> tilesByWorker = new TreeMap<>();
    private final CountDownLatch stopAsked = new CountDownLatch(1);

    // Guarded by tilesByWorker.
    private int done;
    private int computed;
    private long computedPairs;

    TileJob(JavaSparkContext context, String group, MatrixRecipe matrix, TilePlan plan, KernelWatch watch) {
        this.context = context;
        this.group = group;
        this.matrix = matrix;
        this.plan = plan;
        this.watch = watch;
    }

    ScheduleResult run(List<Tile> tiles) {
        long start = System.nanoTime();
        long pairs = tiles.stream().mapToLong(plan::pairs).sum();
        watch.started(
                new Work(tiles.size(), pairs), new Work(plan.tiles().size() - tiles.size(), plan.pairs() - pairs));
        TaskFailures failures = new TaskFailures(watch);
        context.sc().addSparkListener(failures);
        try {
            context.setJobGroup(group, "cntk: " + plan.rows() + " x " + plan.cols() + " kernel", true);
            for (int begin = 0; begin < tiles.size() && stopAsked.getCount() > 0; begin += WAVE) {
                List<Tile> wave = tiles.subList(begin, Math.min(tiles.size(), begin + WAVE));
                failures.wave(wave);
                compute(wave);
            }
        } catch (Exception failure) { // Scala declares none
            if (!ended()) {
                throw TaskFailures.unwrapped(failure, tiles.size() - done() + " tiles");
            }
        } finally {
            context.sc().removeSparkListener(failures);
            watch.finished();
        }
        synchronized (tilesByWorker) {
            return new ScheduleResult(
                    computed,
                    computedPairs,
                    failures.count(),
                    Map.copyOf(tilesByWorker),
                    (System.nanoTime() - start) / 1e9,
                    done < tiles.size());
        }
    }

    private void compute(List<Tile> tiles) {
        JavaRDD<TileIndex> indices =
                context.parallelize(tiles.stream().map(TileIndex::of).toList(), tiles.size());
        MatrixRecipe recipe = matrix; // not this object, which does not travel
        Computing computing = (_, partition) -> computed(recipe, partition.next());
        List<Object> partitions = IntStream.range(0, tiles.size())
                .<Object>mapToObj(Integer::valueOf)
                .toList();
        context.sc()
                .runJob(
                        indices.rdd(),
                        computing,
                        CollectionConverters.asScala(partitions).toSeq(),
                        (partition, outcome) -> {
                            land(tiles.get((Integer) partition), outcome);
                            return BoxedUnit.UNIT;
                        },
                        ClassTag$.MODULE$.apply(TileOutcome.class));
    }

    private static TileOutcome computed(MatrixRecipe matrix, TileIndex tile) {
        try {
            return ExecutorKernels.of(matrix).compute(matrix, tile);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("tile " + tile + " was interrupted", e); // Spark knows that it killed it
        }
    }

    /** Called by one thread of Spark, once a tile. */
    private void land(Tile tile, TileOutcome outcome) {
        watch.workerIs(outcome.worker(), outcome.backend(), outcome.description());
        watch.busy(outcome.worker(), outcome.nanos());
        watch.tileDone(tile, plan.pairs(tile), outcome.worker());
        synchronized (tilesByWorker) {
            done++;
            tilesByWorker.merge(outcome.worker(), 1, Integer::sum);
            if (outcome.nanos() > 0) {
                computed++;
                computedPairs += plan.pairs(tile);
            }
        }
    }

    private int done() {
        synchronized (tilesByWorker) {
            return done;
        }
    }

    void stop() {
        stopAsked.countDown();
        context.sc().cancelJobGroupAndFutureJobs(group);
    }

    /** After a failure: whether it is that of a stop. Spark's own shutdown hook may be ahead of the one that calls {@link #stop}. */
    private boolean ended() {
        try {
            return stopAsked.await(context.sc().isStopped() ? SHUTDOWN_SECONDS : 0, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }
}
