package cntk.cli;

import cntk.solve.SolveProbe;

/**
 * Estimated time of the regression on a cluster. Cholesky is one node's. For conjugate gradients the products of tiles are shared
 * by {@code nodes}, while the preconditioner and the vectors are one node's, as in {@link cntk.solve.ConjugateGradients}.
 *
 * @param rank of the preconditioner; 0 for Cholesky
 * @param nodes that read tiles and multiply
 */
record ClusterSolve(RunDemand demand, Assumptions assumed, int classes, int rank, int nodes) {
    /** Iterations between looks at the true residual, each of which reads the matrix once more. */
    private static final double CHECK_EVERY = 50;

    /** Proposals of a round: a share of the rank. */
    private static final double ROUNDS = 8;
    /**
     * Through the memory of a node for an entry of a tile: to double and into a buffer outside the heap (8 written, 8 read, 8
     * written), and read by two products.
     */
    private static final int BYTES_OF_AN_ENTRY = 40;

    boolean iterative() {
        return rank > 0;
    }

    private double n() {
        return demand.train().rows();
    }

    /** Bytes of a block of vectors. */
    double vectorBytes() {
        return n() * classes * Double.BYTES;
    }

    /** Bytes of the factor of the preconditioner. */
    double factorBytes() {
        return n() * rank * Double.BYTES;
    }

    /** Seconds to read the matrix once. */
    double reading() {
        return demand.trainBytes() / assumed.storeRate(nodes);
    }

    /** Seconds to multiply all tiles, both halves of the matrix from each, with a block of vectors. */
    double multiplying() {
        double operations = 2 * n() * n() * classes / assumed.flops();
        double bytes = demand.train().pairs() * (double) (demand.precision().bytes() + BYTES_OF_AN_ENTRY);
        return Math.max(operations, bytes / assumed.streamRate()) / nodes;
    }

    /** Seconds to apply both halves of the preconditioner on one node. */
    double preconditioning() {
        double operations = 4 * n() * rank * classes / assumed.flops();
        return Math.max(operations, 2 * factorBytes() / assumed.streamRate());
    }

    /** Seconds to bring a block of vectors to the nodes, and the sums back, over the link of the node that has them. */
    double exchanging() {
        return nodes == 1 ? 0 : 2 * nodes * vectorBytes() / assumed.linkRate();
    }

    /** Seconds of an iteration: tiles are multiplied while others are read. */
    double iteration() {
        return Math.max(reading(), multiplying()) + preconditioning() + exchanging();
    }

    /** Seconds to make the preconditioner on one node. */
    double preconditioner() {
        double readings = assumed.of(Assumption.READINGS);
        double operations = n() * rank * rank * readings / ROUNDS;
        return readings * demand.trainBytes() / assumed.storeRate(1) + operations / assumed.flops();
    }

    /** How often the matrix is read. */
    double readings() {
        double iterations = assumed.of(Assumption.ITERATIONS);
        return iterative() ? assumed.of(Assumption.READINGS) + iterations + Math.ceil(iterations / CHECK_EVERY) : 1;
    }

    /** Seconds for all networks, predictions included. */
    double seconds() {
        double iterations = assumed.of(Assumption.ITERATIONS);
        double matrix = iterative()
                ? preconditioner() + iterations * iteration() + Math.ceil(iterations / CHECK_EVERY) * reading()
                : demand.trainBytes() / assumed.storeRate(1)
                        + SolveProbe.flops(demand.train().rows()) / assumed.flops();
        return demand.kernels() * (matrix + demand.crossBytes() / assumed.storeRate(1));
    }

    /** Bytes of memory of the node that solves. */
    long nodeBytes() {
        return demand.matrixBytes() + demand.heldBytes();
    }

    /** The same on other nodes. */
    ClusterSolve on(int others) {
        return new ClusterSolve(demand, assumed, classes, rank, others);
    }
}
