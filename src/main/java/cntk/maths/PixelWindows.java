package cntk.maths;

import cntk.arch.Extent;
import cntk.arch.Window;

/** The pixels of every window of a layer, in the order of its places, row by row; -1 for a place outside the image. */
final class PixelWindows {
    private final int[][] pixels;

    PixelWindows(Window window, Extent before, Extent after) {
        this.pixels = new int[after.pixels()][window.k() * window.k()];
        for (int i = 0; i < after.height(); i++) {
            for (int j = 0; j < after.width(); j++) {
                for (int place = 0; place < window.k() * window.k(); place++) {
                    int row = window.pixel(before.height(), i, place / window.k());
                    int col = window.pixel(before.width(), j, place % window.k());
                    boolean inside = row >= 0 && col >= 0;
                    pixels[i * after.width() + j][place] = inside ? row * before.width() + col : -1;
                }
            }
        }
    }

    /** Pixels before the layer that pixel {@code pixel} behind it reads. */
    int[] of(int pixel) {
        return pixels[pixel];
    }
}
