package cntk.arch;

/**
 * The k x k windows of a convolution or a pooling layer, {@code stride} pixels apart. All of them have k x k places; a place
 * outside the image is empty ({@link Padding#ZERO}) or wraps around ({@link Padding#CIRCULAR}).
 *
 * <p>Padded windows stand as those of XLA's "SAME" padding do (neural-tangents): as much room before the image as behind it, the
 * odd pixel behind; maths.md eq. 17.
 */
public record Window(int k, int stride, Padding padding) {
    /** Windows along a side of the image; 0 if it is shorter than a window that has to stay inside. */
    public int positions(int side) {
        return switch (padding) {
            case VALID -> side < k ? 0 : (side - k) / stride + 1;
            case ZERO, CIRCULAR -> Math.ceilDiv(side, stride);
        };
    }

    /** Row or column of the image at place {@code place} (0 to k-1) of a window; -1 outside. */
    public int pixel(int side, int position, int place) {
        int pixel = position * stride - leading(side) + place;
        return switch (padding) {
            case VALID -> pixel;
            case ZERO -> pixel >= 0 && pixel < side ? pixel : -1;
            case CIRCULAR -> Math.floorMod(pixel, side);
        };
    }

    /** Whether the windows of a mirrored side are those of the side itself, mirrored. */
    public boolean mirrors(int side) {
        int positions = positions(side);
        for (int position = 0; position < positions; position++) {
            for (int place = 0; place < k; place++) {
                int pixel = pixel(side, position, place);
                int mirrored = pixel(side, positions - 1 - position, k - 1 - place);
                if (mirrored != (pixel < 0 ? pixel : side - 1 - pixel)) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Rows or columns of padding before the image. */
    public int leading(int side) {
        return padding == Padding.VALID ? 0 : Math.max((positions(side) - 1) * stride + k - side, 0) / 2;
    }
}
