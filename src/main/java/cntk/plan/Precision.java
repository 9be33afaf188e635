package cntk.plan;

/** Arithmetic of the recursion and type of the stored kernel. Sums across planes are double in both. */
public enum Precision {
    F32,
    F64;

    public String word() {
        return this == F32 ? "f32" : "f64";
    }

    /** Bytes of one stored entry. */
    public int bytes() {
        return this == F32 ? Float.BYTES : Double.BYTES;
    }
}
