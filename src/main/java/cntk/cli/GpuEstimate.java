package cntk.cli;

import cntk.backend.cuda.KernelCost;
import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import cntk.plan.KernelTask;
import cntk.plan.PlaneProgram;
import cntk.plan.PlaneStep;
import cntk.plan.Precision;
import cntk.plan.Segment;
import java.util.List;

/**
 * An estimate of a pair's time on a GPU from the counted instructions of the kernels on registers ({@link KernelCost}): the
 * sum over the segments of the network, in float. Nothing here ran on a GPU, and what planes cost where they meet is left out.
 *
 * @param card by its data sheet
 * @param bestMicros per pair, at the higher share of the bound
 * @param worstMicros per pair, at the lower one
 */
record GpuEstimate(String card, double bestMicros, double worstMicros) {
    private static final int LARGEST_SIDE = 32;

    /** The cards that an estimate exists for. */
    enum Card {
        H100("h100", "H100 SXM"),
        A100("a100", "A100"),
        RTX4090("rtx4090", "RTX 4090 class");

        private final String word;
        private final String name;

        Card(String word, String name) {
            this.word = word;
            this.name = name;
        }

        String word() {
            return word;
        }
    }

    /**
     * Of the first and deepest network's pair; networks that are read out of the same sweep add nothing.
     *
     * @throws InputException if a segment has a shape that no kernel on registers computes
     */
    static GpuEstimate of(KernelTask task, Card card) {
        ImageShape shape = task.input();
        double best = 0;
        double worst = 0;
        for (Segment segment :
                PlaneProgram.of(task.networks(), Precision.F32, 1).segments()) {
            int layers = (int) segment.steps().stream()
                    .filter(step -> step instanceof PlaneStep.Conv || step instanceof PlaneStep.Activation)
                    .count();
            if (layers > 0) {
                String kernel = kernel(segment, task);
                double planes =
                        segment.planes() == 1 ? 1 : (double) segment.planes() / (segment.height() * segment.width());
                for (KernelCost.Estimate estimate : KernelCost.keptEstimates(layers, shape.channels())) {
                    if (estimate.kernel().equals(kernel)
                            && estimate.card().name().equals(card.name)) {
                        best += planes * estimate.bestMicros();
                        worst += planes * estimate.worstMicros();
                    }
                }
            }
        }
        double sweeps = task.flip() ? 2 : 1;
        return new GpuEstimate(card.name, sweeps * best, sweeps * worst);
    }

    private static String kernel(Segment segment, KernelTask task) {
        int side = segment.height();
        boolean known = side == segment.width() && List.of(8, 16, LARGEST_SIDE).contains(side);
        boolean convRelu = segment.steps().stream()
                .noneMatch(step -> step instanceof PlaneStep.Nonlinear || step instanceof PlaneStep.Save);
        boolean alone = segment.planes() == 1;
        if (!known || !convRelu || (alone && side != LARGEST_SIDE)) {
            throw new InputException(
                    "no estimate for a GPU: its cost model knows 3x3 convolutions with ReLU on planes of"
                            + " 32x32, 16x16 and 8x8, this network has others at " + segment.height() + "x"
                            + segment.width()
                            + "\nhint: cntk plan without --gpus measures this machine");
        }
        boolean bias = side == LARGEST_SIDE && task.networks().getFirst().hasBias();
        return (alone ? "plane_flatten_" : "plane_recursion_") + side + (bias ? "_bias" : "");
    }
}
