package cntk.solve;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

/** (K + ridge I) V for a few columns V. The bits do not depend on who computes them, or how many do. */
interface KernelProduct extends AutoCloseable {
    /** out = (K + ridge I) v; both n x columns. */
    void apply(NativeMatrix v, NativeMatrix out);

    /** out += ridge v, entry by entry. */
    static void addRidge(double ridge, NativeMatrix v, NativeMatrix out) {
        for (long entry = 0; entry < (long) v.rows() * v.cols() && ridge != 0; entry++) {
            double sum = out.segment().getAtIndex(JAVA_DOUBLE, entry)
                    + ridge * v.segment().getAtIndex(JAVA_DOUBLE, entry);
            out.segment().setAtIndex(JAVA_DOUBLE, entry, sum);
        }
    }

    @Override
    void close();
}
