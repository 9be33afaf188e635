package cntk.spark;

import cntk.backend.BackendUnavailableException;
import cntk.backend.Backends;
import cntk.backend.cuda.CudaDeviceInfo;
import cntk.backend.cuda.CudaDriver;
import cntk.cli.KernelSession;
import cntk.cli.KernelSite;
import cntk.dataset.InputException;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkConf;

/** A cluster that has not been asked for executors yet. */
record ClusterSite(SparkConf conf, ClusterDevices kernel) implements KernelSite {
    static final String GPU = "gpu";
    private static final String GPUS = "spark.executor.resource.gpu.amount";

    /** Spark hands out GPUs; this only says whether they are used. */
    static ClusterSite choose(SparkConf conf, Backends.Choice backend, Optional<String> devices) {
        devices.ifPresent(words -> {
            throw new InputException(
                    "--devices is '" + words + "', but Spark hands out the devices of a cluster\nhint: --conf " + GPUS
                            + "=1 gives every executor a GPU; without it the CPUs compute");
        });
        int gpus = conf.getInt(GPUS, 0);
        return new ClusterSite(
                conf,
                switch (backend) {
                    case CPU, ORACLE -> new ClusterDevices(backend, "asked for");
                    case CUDA -> {
                        if (gpus == 0) {
                            throw new BackendUnavailableException("the cuda backend cannot start: " + GPUS
                                    + " is not set\nhint: --conf " + GPUS + "=1");
                        }
                        yield new ClusterDevices(backend, "asked for");
                    }
                    case AUTO ->
                        gpus == 0
                                ? new ClusterDevices(Backends.Choice.CPU, "picked by auto: " + GPUS + " is not set")
                                : new ClusterDevices(Backends.Choice.CUDA, "picked by auto: " + GPUS + " is " + gpus);
                });
    }

    /** Those of the driver's machine, where the regression is solved. */
    @Override
    public List<CudaDeviceInfo> solver() {
        return CudaDriver.find().devices();
    }

    @Override
    public KernelSession start(KernelTask task, Precision precision, int threads) {
        return ClusterSession.start(conf, kernel, TaskRecipe.of(task, precision, kernel.kind()));
    }
}
