package cntk.spark;

import cntk.backend.BackendUnavailableException;
import cntk.backend.Backends;
import cntk.backend.DeviceSet;
import cntk.backend.TileBackend;
import cntk.backend.WorkerLostException;
import cntk.backend.cuda.CudaDriver;
import cntk.dataset.ImageSet;
import cntk.gram.StoresOfOneSweep;
import cntk.gram.TileSink;
import cntk.plan.KernelTask;
import cntk.plan.Tile;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.resource.ResourceInformation;
import org.jspecify.annotations.Nullable;

/**
 * What the tasks of one executor share: a backend for each device that Spark hands out, the images and the open stores. Lives
 * from the first task of a session to the end of the executor or the first task of another session.
 */
final class ExecutorKernels {
    /** A device in {@link #pools} that stands for all processors. */
    private static final String PROCESSORS = "";

    private static @Nullable ExecutorKernels current;

    private final String session;
    private final KernelTask task;
    private final TaskRecipe recipe;
    private final String executor;

    // Guarded by this.
    private final Map<String, DevicePool> pools = new HashMap<>();
    private final Map<Long, ImageSet> images = new HashMap<>();
    private final Map<String, TileSink> stores = new HashMap<>();

    private ExecutorKernels(MatrixRecipe matrix) {
        this.session = matrix.session();
        this.recipe = matrix.task();
        this.task = recipe.task();
        this.executor = "executor " + SparkEnv.get().executorId() + " on "
                + SparkEnv.get().blockManager().blockManagerId().host();
    }

    /** Those of this JVM. */
    static synchronized ExecutorKernels of(MatrixRecipe matrix) {
        ExecutorKernels known = current;
        if (known != null && known.session.equals(matrix.session())) {
            return known;
        }
        if (known == null) {
            Runtime.getRuntime().addShutdownHook(new Thread(ExecutorKernels::end, "close-kernels"));
        } else {
            known.close();
        }
        ExecutorKernels made = new ExecutorKernels(matrix);
        current = made;
        return made;
    }

    private static synchronized void end() {
        if (current != null) {
            current.close();
        }
    }

    /** Tiles that the stores miss; looks at every byte. */
    List<TileIndex> missing(MatrixRecipe matrix, List<TileIndex> tiles) {
        TileSink store = store(matrix);
        List<Tile> all = tiles.stream().map(tile -> tile.in(store.plan())).toList();
        return store.missing(all).stream().map(TileIndex::of).toList();
    }

    /** Computes a tile and makes it durable; does nothing for one that an earlier attempt has stored. */
    TileOutcome compute(MatrixRecipe matrix, TileIndex index) throws InterruptedException {
        TileSink store = store(matrix);
        Tile tile = index.in(store.plan());
        String device = device();
        DevicePool pool = pool(device);
        String name = executor + ", " + pool.backend().name() + (device.isEmpty() ? "" : "/" + device);
        if (store.missing(List.of(tile)).isEmpty()) {
            return new TileOutcome(name, pool.backend().name(), pool.backend().description(), 0);
        }
        TileBackend worker = pool.borrow(matrix.name(), images(matrix.rows()), images(matrix.cols()));
        try {
            double[] values = new double[Math.multiplyExact(worker.kernels(), tile.entries())];
            long start = System.nanoTime();
            worker.compute(tile, values);
            long nanos = System.nanoTime() - start;
            store.commit(tile, values);
            return new TileOutcome(name, pool.backend().name(), pool.backend().description(), nanos);
        } catch (WorkerLostException lost) {
            forget(device); // the next task tries to start the device again
            throw lost;
        } finally {
            pool.giveBack(worker);
        }
    }

    /** The address of the GPU that Spark gave this task, or {@link #PROCESSORS}. */
    private String device() {
        if (recipe.backend() != Backends.Choice.CUDA) {
            return PROCESSORS;
        }
        @Nullable ResourceInformation gpus = TaskContext.get().resourcesJMap().get(ClusterSite.GPU);
        if (gpus == null || gpus.addresses().length == 0) {
            throw new BackendUnavailableException(
                    "Spark gave a task on " + executor + " no GPU\nhint: --conf spark.task.resource.gpu.amount=1");
        }
        return gpus.addresses()[0];
    }

    private synchronized DevicePool pool(String device) {
        return pools.computeIfAbsent(device, this::start);
    }

    private DevicePool start(String device) {
        DeviceSet devices = switch (recipe.backend()) {
            case CPU -> DeviceSet.cpu("asked for");
            case ORACLE -> DeviceSet.of(Backends.Choice.ORACLE);
            case CUDA -> gpu(device);
            case AUTO -> throw new IllegalStateException("the driver chooses");
        };
        return new DevicePool(
                Backends.pick(devices, task, recipe.precision(), slots()).backend(), device.equals(PROCESSORS));
    }

    /** Tasks that Spark runs at a time on this executor, one worker each. */
    private static int slots() {
        SparkConf conf = SparkEnv.get().conf();
        int cores = conf.getInt("spark.executor.cores", Runtime.getRuntime().availableProcessors());
        return Math.max(1, cores / conf.getInt("spark.task.cpus", 1));
    }

    private DeviceSet gpu(String address) {
        CudaDriver driver = CudaDriver.find();
        driver.absence().ifPresent(absence -> {
            throw new BackendUnavailableException(
                    "Spark gave a task GPU " + address + ", but " + executor + " cannot use GPUs: " + absence);
        });
        return new DeviceSet(
                false,
                driver.devices().stream()
                        .filter(gpu -> Integer.toString(gpu.index()).equals(address))
                        .findFirst()
                        .map(List::of)
                        .orElseThrow(() -> new BackendUnavailableException("Spark gave a task GPU " + address
                                + ", but the CUDA driver on " + executor + " lists "
                                + driver.devices().size() + " devices")),
                false,
                "given by Spark");
    }

    private synchronized void forget(String device) {
        DevicePool pool = pools.remove(device);
        if (pool != null) {
            pool.close();
        }
    }

    /** The same object for every task: a backend keeps factors by it. */
    private synchronized ImageSet images(Broadcast<ImageSet> broadcast) {
        return images.computeIfAbsent(broadcast.id(), _ -> Objects.requireNonNull(broadcast.value()));
    }

    private synchronized TileSink store(MatrixRecipe matrix) {
        return stores.computeIfAbsent(
                matrix.name(),
                _ -> new StoresOfOneSweep(matrix.stores().stream()
                        .map(store -> store.open(executor))
                        .toList()));
    }

    private synchronized void close() {
        pools.values().forEach(DevicePool::close);
        pools.clear();
    }
}
