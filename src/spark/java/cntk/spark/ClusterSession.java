package cntk.spark;

import cntk.backend.Backends;
import cntk.cli.KernelSession;
import cntk.cli.KernelWatch;
import cntk.cli.StoredMatrix;
import cntk.dataset.ImageSet;
import cntk.gram.LocalFiles;
import cntk.gram.StoreFiles;
import cntk.plan.Tile;
import cntk.schedule.ScheduleResult;
import cntk.solve.RowProducts;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.jspecify.annotations.Nullable;

/** The executors of a cluster at work for one run: images are broadcast once, every tile is a task. */
final class ClusterSession implements KernelSession {
    /** What ./cntk gives the JVM of one machine. */
    private static final String EXECUTOR_FLAGS = "--add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED"
            + " -XX:ObjectAlignmentInBytes=64 -XX:+UseParallelGC -XX:+UseTransparentHugePages";

    private static final String EXECUTOR_OPTIONS = "spark.executor.extraJavaOptions";
    /** Where matrices lie if not in --out: an address that Hadoop knows, such as {@code hdfs://host/runs/a}. */
    private static final String STORE = "spark.cntk.store";

    private static final String TASK_GPUS = "spark.task.resource.gpu.amount";
    /** Tiles of one look at the store. */
    private static final int LOOK = 64;

    private final String id = UUID.randomUUID().toString();
    private final JavaSparkContext context;
    private final ClusterDevices devices;
    private final TaskRecipe task;
    private final String description;
    private final IdentityHashMap<ImageSet, Broadcast<ImageSet>> broadcasts = new IdentityHashMap<>();

    // Guarded by this.
    private @Nullable TileJob running;
    private boolean stopping;

    private ClusterSession(JavaSparkContext context, ClusterDevices devices, TaskRecipe task) {
        this.context = context;
        this.devices = devices;
        this.task = task;
        this.description = "Spark " + context.version() + " on " + context.master() + ", application "
                + context.sc().applicationId();
    }

    /** Asks the cluster for executors. */
    static ClusterSession start(SparkConf conf, ClusterDevices devices, TaskRecipe task) {
        SparkConf complete = conf.clone();
        complete.setIfMissing("spark.app.name", "cntk run");
        complete.setIfMissing("spark.master", "local[*]");
        complete.setIfMissing("spark.log.level", "WARN");
        complete.set(EXECUTOR_OPTIONS, (EXECUTOR_FLAGS + " " + conf.get(EXECUTOR_OPTIONS, "")).strip());
        if (devices.kind() == Backends.Choice.CUDA) {
            complete.setIfMissing(TASK_GPUS, "1");
        }
        return new ClusterSession(new JavaSparkContext(complete), devices, task);
    }

    @Override
    public String name() {
        return devices.backend();
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public String reason() {
        return devices.reason();
    }

    @Override
    public StoreFiles files(Path out, Path directory) {
        String store = context.getConf().get(STORE, "");
        if (store.isEmpty()) {
            return new LocalFiles(directory);
        }
        String folder = out.toAbsolutePath()
                .normalize()
                .relativize(directory.toAbsolutePath().normalize())
                .toString();
        return new HadoopFiles(store + "/" + folder, context.hadoopConfiguration());
    }

    @Override
    public List<Tile> missing(StoredMatrix matrix, List<Tile> tiles) {
        MatrixRecipe recipe = recipe(matrix);
        List<TileIndex> indices = tiles.stream().map(TileIndex::of).toList();
        Set<TileIndex> missing = new LinkedHashSet<>();
        List<List<TileIndex>> looks = new ArrayList<>();
        for (int begin = 0; begin < indices.size(); begin += LOOK) {
            looks.add(new ArrayList<>(indices.subList(begin, Math.min(indices.size(), begin + LOOK))));
        }
        context.setJobGroup(id, "cntk: tiles that are stored", true);
        try {
            context.parallelize(looks, looks.size())
                    .map(look -> new ArrayList<>(ExecutorKernels.of(recipe).missing(recipe, look)))
                    .collect()
                    .forEach(missing::addAll);
        } catch (Exception failure) { // Scala declares none
            throw TaskFailures.unwrapped(failure, "a look at the stored tiles");
        }
        return tiles.stream()
                .filter(tile -> missing.contains(TileIndex.of(tile)))
                .toList();
    }

    @Override
    public ScheduleResult compute(StoredMatrix matrix, List<Tile> tiles, KernelWatch watch) {
        TileJob job = new TileJob(context, id, recipe(matrix), matrix.store().plan(), watch);
        begin(job);
        return job.run(tiles);
    }

    @Override
    public Optional<RowProducts> products(StoredMatrix.Part matrix) {
        return Optional.of(new ClusterProducts(context, id, StoreRecipe.of(matrix)));
    }

    private synchronized void begin(TileJob job) {
        running = job;
        if (stopping) {
            job.stop();
        }
    }

    @Override
    public synchronized void stop() {
        stopping = true;
        if (running != null) {
            running.stop();
        }
    }

    private MatrixRecipe recipe(StoredMatrix matrix) {
        return new MatrixRecipe(
                id,
                task,
                broadcast(matrix.rows()),
                broadcast(matrix.cols()),
                new ArrayList<>(matrix.parts().stream().map(StoreRecipe::of).toList()));
    }

    private Broadcast<ImageSet> broadcast(ImageSet images) {
        return broadcasts.computeIfAbsent(images, context::broadcast);
    }

    @Override
    public void close() {
        context.close();
    }
}
