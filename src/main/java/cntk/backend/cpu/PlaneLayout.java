package cntk.backend.cpu;

/**
 * Where the entries of one group of planes stand in an array: rows of W columns, a column being S of all lanes and then T~ of
 * all lanes, with {@code radius} halo columns on both sides.
 *
 * <p>A convolution works in place: it moves the whole plane {@code r} row slots down (rows taken upwards) or up (rows taken
 * downwards), so that a row is overwritten only when no later row needs it. The plane therefore wanders between slots
 * {@code radius} and {@code radius + slack}, with {@code radius} slots more on either side for the rows that wrap around. The last
 * slot is a row of zeros, which stands for everything outside the image.
 *
 * @param slack how far the plane may move in one direction
 */
record PlaneLayout(int height, int width, int radius, int slack, int lanes) {
    int columnStride() {
        return 2 * lanes;
    }

    int rowStride() {
        return (width + 2 * radius) * columnStride();
    }

    /** Offset of column 0 of a row slot. */
    int slot(int slot) {
        return slot * rowStride() + radius * columnStride();
    }

    int zeroRow() {
        return slot(height + 2 * radius + slack);
    }

    int lowestBase() {
        return radius;
    }

    int highestBase() {
        return radius + slack;
    }

    int cells() {
        return (height + 2 * radius + slack + 1) * rowStride();
    }
}
