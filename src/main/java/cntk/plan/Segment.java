package cntk.plan;

import java.util.List;

/**
 * A run of steps at one resolution, in which displacement planes do not mix.
 *
 * @param rows which row displacements (torus, 0..H-1) are computed
 * @param cols which column displacements (torus, 0..W-1) are computed
 * @param steps in order
 * @param firstActivation number of the first activation of this segment in the network
 */
public record Segment(
        int height, int width, boolean[] rows, boolean[] cols, List<PlaneStep> steps, int firstActivation) {
    public Segment {
        steps = List.copyOf(steps);
    }

    /** Planes to compute. */
    public int planes() {
        return count(rows) * count(cols);
    }

    /** Row displacements to compute. */
    public int rowPlanes() {
        return count(rows);
    }

    /** Whether any of the column displacements from {@code dj} to {@code dj + count - 1} is computed. */
    public boolean anyCol(int dj, int count) {
        for (int d = dj; d < Math.min(width, dj + count); d++) {
            if (cols[d]) {
                return true;
            }
        }
        return false;
    }

    /** Groups of {@code lanes} neighbouring column displacements that cover the width. */
    public int colGroups(int lanes) {
        return Math.ceilDiv(width, lanes);
    }

    /** Number of activations among the steps. */
    public int activations() {
        return (int)
                steps.stream().filter(PlaneStep.Activation.class::isInstance).count();
    }

    /** The activation with this number in the network. */
    public PlaneStep.Activation activation(int number) {
        return (PlaneStep.Activation) steps.stream()
                .filter(PlaneStep.Activation.class::isInstance)
                .skip(number - firstActivation)
                .findFirst()
                .orElseThrow(() -> new IndexOutOfBoundsException(number));
    }

    /** Largest radius of a window, 0 without convolutions. */
    public int radius() {
        int radius = 0;
        for (PlaneStep step : steps) {
            radius = switch (step) {
                case PlaneStep.Conv conv -> Math.max(radius, conv.radius());
                case PlaneStep.ConvRelu(PlaneStep.Conv conv) -> Math.max(radius, conv.radius());
                case PlaneStep.Relu(),
                        PlaneStep.Nonlinear _,
                        PlaneStep.Scale _,
                        PlaneStep.Input(),
                        PlaneStep.Load _,
                        PlaneStep.Send _,
                        PlaneStep.Read _,
                        PlaneStep.Save _,
                        PlaneStep.Restore _,
                        PlaneStep.AddSaved _ -> radius;
            };
        }
        return radius;
    }

    /** Copies that residual layers set aside at a time. */
    public int saved() {
        int most = 0;
        for (PlaneStep step : steps) {
            most = step instanceof PlaneStep.Save(int depth) ? Math.max(most, depth + 1) : most;
        }
        return most;
    }

    private static int count(boolean[] wanted) {
        int count = 0;
        for (boolean want : wanted) {
            count += want ? 1 : 0;
        }
        return count;
    }
}
