package cntk.cli;

import cntk.backend.cuda.CudaBackend;
import cntk.dataset.InputException;
import cntk.plan.CostModel;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import cntk.solve.KernelRidge;
import cntk.solve.SolverChoice;
import cntk.solve.SolverPlace;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The plan of a run on GPUs in nodes around a shared store, by arithmetic alone: what can be counted (pairs, tiles, bytes) is
 * counted, times follow from {@link GpuEstimate} and {@link Assumptions}.
 *
 * @param imageBytes of an image on a GPU, its factors included
 */
record ClusterPlan(
        int gpus, GpuEstimate estimate, Assumptions assumed, RunDemand demand, ClusterSolve solve, long imageBytes) {
    private static final double MICRO = 1e-6;
    private static final double GIGA = 1e9;
    private static final double SECONDS_OF_AN_HOUR = 3600;
    /** Blocks of vectors in a checkpoint: solution, residual, directions and their products. */
    private static final int PCG_STATE = 4;

    /** What a plan is asked about, besides the options of a run. */
    record Size(int train, int test, int classes) {}

    /** {@code --solver auto} is Cholesky where its matrix fits a node, else conjugate gradients. */
    static ClusterPlan of(
            RunRequest request, KernelTask task, Size size, int gpus, GpuEstimate.Card card, Assumptions assumed) {
        if (request.solver() == SolverChoice.CUDA) {
            throw new InputException("the time of --solver cuda is not in the cost model\nhint: --solver auto");
        }
        Precision precision = RunPlan.precision(request, task, size.train());
        double nanos = task.networks().stream()
                .mapToDouble(network -> CostModel.cudaNanosPerPair(network, precision))
                .max()
                .orElseThrow();
        boolean fits = KernelRidge.matrixBytes(size.train(), SolverPlace.cpu("planned")) <= assumed.nodeBytes();
        boolean iterative = request.solver() == SolverChoice.PCG || (request.solver() == SolverChoice.AUTO && !fits);
        RunPlan.Means means =
                new RunPlan.Means(SolverPlace.cpu("planned"), iterative, assumed.whole(Assumption.NODE_CORES), nanos);
        RunDemand demand = RunPlan.demand(request, means, task, size.train(), size.test(), size.classes());
        int rank = iterative ? request.pcg().rank(size.train()) : 0;
        int nodes = iterative ? assumed.nodes(gpus) : 1;
        return new ClusterPlan(
                gpus,
                GpuEstimate.of(task, card),
                assumed,
                demand,
                new ClusterSolve(demand, assumed, size.classes(), rank, nodes),
                CudaBackend.imageBytes(task, precision));
    }

    int nodes() {
        return assumed.nodes(gpus);
    }

    /** Seconds of all GPUs, if they did nothing but pairs of {@code micros}. */
    double computing(double micros) {
        return demand.pairs() * micros * MICRO / gpus;
    }

    /** Seconds that every GPU waits for its tiles to be durable. */
    double committing() {
        return demand.files() * assumed.commitSeconds() / gpus;
    }

    /** Seconds that the store takes to write all tiles. */
    double writing() {
        return demand.storeBytes() / assumed.storeRate(nodes());
    }

    /** Bytes of all images, to all nodes. */
    double imagesToNodes() {
        return (double) demand.imageBytes() * nodes();
    }

    /** Seconds that it takes them to come from the store. */
    double loading() {
        return imagesToNodes() / assumed.storeRate(nodes());
    }

    /** Seconds of the kernel where a pair takes {@code micros} on a GPU. */
    double kernelSeconds(double micros) {
        return loading() + Math.max(computing(micros) + committing(), writing());
    }

    /** Kernel and solve, where all GPUs are held until the end. */
    double gpuHours(double micros) {
        return kernelGpuHours(micros) + solveGpuHours();
    }

    double kernelGpuHours(double micros) {
        return gpus * kernelSeconds(micros) / SECONDS_OF_AN_HOUR;
    }

    /** GPUs have nothing to do then. */
    double solveGpuHours() {
        return gpus * solve.seconds() / SECONDS_OF_AN_HOUR;
    }

    double price(double micros) {
        return gpuHours(micros) * assumed.of(Assumption.PRICE);
    }

    /** Bytes of all images and their factors on a GPU. */
    double imagesOnAGpu() {
        return (double) imageBytes
                * ((double) demand.train().rows() + demand.cross().rows());
    }

    /** Bytes of memory of a node while the kernel is computed. */
    long kernelNodeBytes() {
        return demand.gpuHostBytes(Math.min(gpus, assumed.whole(Assumption.GPUS_PER_NODE)));
    }

    /** What would keep the run from its end, with the numbers. */
    List<String> obstacles() {
        List<String> obstacles = new ArrayList<>();
        long node = assumed.nodeBytes();
        if (kernelNodeBytes() > node) {
            obstacles.add(String.format(
                    Locale.ROOT,
                    "the kernel needs %.0f GB of memory in every node, and a node is assumed to have %.0f GB",
                    kernelNodeBytes() / GIGA,
                    node / GIGA));
        }
        if (solve.nodeBytes() > node) {
            obstacles.add(String.format(
                    Locale.ROOT,
                    "the solve (%s) needs %.0f GB of memory in one node, and a node is assumed to have %.0f GB%nhint: %s",
                    demand.solver(),
                    solve.nodeBytes() / GIGA,
                    node / GIGA,
                    solve.iterative()
                            ? "a smaller --pcg-rank, or larger nodes: --assume node-gb=GB"
                            : "--solver pcg, or larger nodes: --assume node-gb=GB"));
        }
        return List.copyOf(obstacles);
    }

    /** What the engine cannot do yet that this plan relies on. */
    List<String> missing() {
        List<String> missing = new ArrayList<>();
        if (demand.imageBytes() > Integer.MAX_VALUE) {
            missing.add(String.format(
                    Locale.ROOT,
                    "data sets beyond %,d bytes: all images of a set lie in one array",
                    Integer.MAX_VALUE));
        }
        if (PCG_STATE * solve.vectorBytes() > Integer.MAX_VALUE && solve.iterative()) {
            missing.add(String.format(
                    Locale.ROOT,
                    "checkpoints of pcg beyond %,d bytes: the state lies in one array",
                    Integer.MAX_VALUE));
        }
        return List.copyOf(missing);
    }
}
