package cntk.dataset;

/** Number types of {@code .npy} files that are read and written: little-endian IEEE floats. */
public enum NpyType {
    F32("<f4", Float.BYTES),
    F64("<f8", Double.BYTES);

    private final String descr;
    private final int bytes;

    NpyType(String descr, int bytes) {
        this.descr = descr;
        this.bytes = bytes;
    }

    /** The name in the header of the file. */
    public String descr() {
        return descr;
    }

    /** Bytes of one number. */
    public int bytes() {
        return bytes;
    }
}
