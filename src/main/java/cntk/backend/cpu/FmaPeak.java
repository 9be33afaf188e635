package cntk.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The rate of float multiply-adds that one thread reaches here: the yardstick of every other figure. */
public final class FmaPeak {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int CHAINS = 10; // two pipes of four cycles latency need eight
    private static final int STEPS = 1 << 16;

    private FmaPeak() {}

    /**
     * Measures for some tens of milliseconds; call it once before, to compile it.
     *
     * @return multiply-adds a second on one thread, lanes counted singly
     */
    public static double measure() {
        double best = 0;
        float[] sink = new float[SPECIES.length()];
        for (int repeat = 0; repeat < 20; repeat++) {
            long begin = System.nanoTime();
            chains(sink);
            double seconds = (System.nanoTime() - begin) * 1e-9;
            best = Math.max(best, (double) STEPS * CHAINS * SPECIES.length() / seconds);
        }
        if (Float.isNaN(sink[0])) {
            throw new IllegalStateException("multiply-adds gave no number");
        }
        return best;
    }

    private static void chains(float[] sink) {
        FloatVector a = FloatVector.broadcast(SPECIES, 0.999f);
        FloatVector b = FloatVector.broadcast(SPECIES, 0.001f);
        FloatVector c0 = b;
        FloatVector c1 = b;
        FloatVector c2 = b;
        FloatVector c3 = b;
        FloatVector c4 = b;
        FloatVector c5 = b;
        FloatVector c6 = b;
        FloatVector c7 = b;
        FloatVector c8 = b;
        FloatVector c9 = b;
        for (int step = 0; step < STEPS; step++) {
            c0 = c0.fma(a, b);
            c1 = c1.fma(a, b);
            c2 = c2.fma(a, b);
            c3 = c3.fma(a, b);
            c4 = c4.fma(a, b);
            c5 = c5.fma(a, b);
            c6 = c6.fma(a, b);
            c7 = c7.fma(a, b);
            c8 = c8.fma(a, b);
            c9 = c9.fma(a, b);
        }
        c0.add(c1)
                .add(c2)
                .add(c3)
                .add(c4)
                .add(c5)
                .add(c6)
                .add(c7)
                .add(c8)
                .add(c9)
                .intoArray(sink, 0);
    }
}
