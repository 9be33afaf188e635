package cntk.cli;

import java.util.Arrays;
import java.util.List;

/**
 * What a plan for GPUs takes for granted, for each kind of card. Orders of size of machines that can be rented, not measurements,
 * but where it says so; {@code --assume NAME=VALUE} changes them.
 */
enum Assumption {
    PRICE("price", "USD a GPU-hour, with its share of the node", 2.5, 1.5, 0.4),
    GPUS_PER_NODE("gpus-per-node", "GPUs in a node", 8, 8, 8),
    GPU_MEMORY("gpu-gb", "GB of memory of a GPU, by its data sheet", 80, 80, 24),
    NODE_MEMORY("node-gb", "GB of memory of a node", 2000, 1000, 512),
    NODE_CORES("node-cores", "cores of a node", 96, 96, 32),
    NODE_FLOPS("node-tflops", "1e12 operations a second of a node's cores, matrix products in double", 3, 2, 0.5),
    NODE_STREAM("node-stream", "GB/s between a node's cores and its memory", 400, 200, 50),
    NODE_LINK("node-link", "GB/s between a node and the network", 10, 10, 1),
    STORE("store", "GB/s of the shared store, all nodes together", 100, 100, 10),
    COMMIT("commit-ms", "ms until a tile is durable; a GPU waits for its own (4 to 8 measured, one SSD)", 6, 6, 6),
    ITERATIONS("iterations", "iterations of pcg (42 measured at 4,000 images)", 200, 200, 200),
    READINGS(
            "readings", "readings of the matrix for the preconditioner (9 to 10 measured at 4,000 images)", 10, 10, 10);

    private final String word;
    private final String meaning;
    private final double h100;
    private final double a100;
    private final double rtx4090;

    Assumption(String word, String meaning, double h100, double a100, double rtx4090) {
        this.word = word;
        this.meaning = meaning;
        this.h100 = h100;
        this.a100 = a100;
        this.rtx4090 = rtx4090;
    }

    /** As {@code --assume} names it. */
    String word() {
        return word;
    }

    /** Unit and meaning. */
    String meaning() {
        return meaning;
    }

    double usual(GpuEstimate.Card card) {
        return switch (card) {
            case H100 -> h100;
            case A100 -> a100;
            case RTX4090 -> rtx4090;
        };
    }

    static List<String> words() {
        return Arrays.stream(values()).map(Assumption::word).toList();
    }
}
