package cntk.solve;

/** (K + ridge I) V for a few columns V. The bits do not depend on who computes them, or how many do. */
interface KernelProduct extends AutoCloseable {
    /** out = (K + ridge I) v; both n x columns. */
    void apply(NativeMatrix v, NativeMatrix out);

    @Override
    void close();
}
