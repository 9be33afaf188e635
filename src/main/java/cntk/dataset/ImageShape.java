package cntk.dataset;

import java.io.Serializable;

/** Channels C, height H and width W of every image in a set; index order [c][i][j], j fastest. */
public record ImageShape(int channels, int height, int width) implements Serializable {
    public ImageShape {
        if (channels < 1 || height < 1 || width < 1) {
            throw new InputException("image shape " + channels + "x" + height + "x" + width + " has an empty axis");
        }
    }

    /** H W, the pixels of one channel. */
    public int pixels() {
        return Math.multiplyExact(height, width);
    }

    /** C H W, the numbers of one image. */
    public int values() {
        return Math.multiplyExact(channels, pixels());
    }

    @Override
    public String toString() {
        return channels + "x" + height + "x" + width;
    }
}
