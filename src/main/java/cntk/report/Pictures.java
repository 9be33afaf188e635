package cntk.report;

import cntk.dataset.ByteImages;
import java.awt.image.BufferedImage;

/** Numbers as pictures. */
public final class Pictures {
    private static final int GREY_CHANNELS = 2;

    private Pictures() {}

    /** An image of a data set as it is on disk: grey, or colours of its first three channels. */
    public static BufferedImage of(ByteImages images, int index) {
        int height = images.shape().height();
        int width = images.shape().width();
        BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        int pixels = height * width;
        for (int at = 0; at < pixels; at++) {
            int red = images.at(index, at);
            boolean grey = images.shape().channels() <= GREY_CHANNELS;
            int green = grey ? red : images.at(index, pixels + at);
            int blue = grey ? red : images.at(index, 2 * pixels + at);
            picture.setRGB(at % width, at / width, red << 16 | green << 8 | blue);
        }
        return picture;
    }

    /** A square matrix as a heat map from its least (dark) to its largest entry (light). */
    public static BufferedImage heatMap(double[][] matrix) {
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (double[] row : matrix) {
            for (double value : row) {
                low = Math.min(low, value);
                high = Math.max(high, value);
            }
        }
        int side = matrix.length;
        BufferedImage picture = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
        for (int row = 0; row < side; row++) {
            for (int col = 0; col < side; col++) {
                picture.setRGB(col, row, colour(high > low ? (matrix[row][col] - low) / (high - low) : 1));
            }
        }
        return picture;
    }

    /** From dark blue over green to light yellow, ever lighter, so that it reads in grey too. */
    private static int colour(double share) {
        double[][] stops = {{24, 20, 70}, {35, 80, 130}, {30, 140, 130}, {110, 195, 100}, {250, 235, 110}};
        double place = Math.clamp(share, 0.0, 1.0) * (stops.length - 1);
        int below = (int) Math.min(place, stops.length - 2.0);
        double rest = place - below;
        int rgb = 0;
        for (int channel = 0; channel < stops[0].length; channel++) {
            double value = stops[below][channel] + rest * (stops[below + 1][channel] - stops[below][channel]);
            rgb = rgb << 8 | (int) Math.round(value);
        }
        return rgb;
    }
}
