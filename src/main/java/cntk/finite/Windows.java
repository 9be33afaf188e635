package cntk.finite;

import cntk.arch.Extent;
import cntk.arch.Window;

/**
 * Which pixels each window of a layer reads.
 *
 * @param before pixels before the layer
 * @param places of a window
 * @param pixels [pixel behind][place]; -1 for a place outside the image
 */
record Windows(int before, int places, int[][] pixels) {
    static Windows of(Window window, Extent image) {
        int height = window.positions(image.height());
        int width = window.positions(image.width());
        int places = window.k() * window.k();
        int[][] pixels = new int[height * width][places];
        for (int at = 0; at < pixels.length; at++) {
            for (int place = 0; place < places; place++) {
                int row = window.pixel(image.height(), at / width, place / window.k());
                int col = window.pixel(image.width(), at % width, place % window.k());
                pixels[at][place] = row < 0 || col < 0 ? -1 : row * image.width() + col;
            }
        }
        return new Windows(image.pixels(), places, pixels);
    }

    /** One window over all. */
    static Windows all(Extent image) {
        int[][] pixels = new int[1][image.pixels()];
        for (int pixel = 0; pixel < image.pixels(); pixel++) {
            pixels[0][pixel] = pixel;
        }
        return new Windows(image.pixels(), image.pixels(), pixels);
    }

    int after() {
        return pixels.length;
    }

    /** [channel * places + place][pixel behind]: what the windows hold; 0 outside. */
    double[] gather(Values in) {
        double[] out = new double[in.channels() * places * after()];
        for (int channel = 0; channel < in.channels(); channel++) {
            for (int at = 0; at < after(); at++) {
                for (int place = 0; place < places; place++) {
                    int pixel = pixels[at][place];
                    if (pixel >= 0) {
                        out[(channel * places + place) * after() + at] = in.values()[channel * before + pixel];
                    }
                }
            }
        }
        return out;
    }

    /** The transpose of {@link #gather}: adds up what every pixel gave. */
    double[] scatter(double[] gathered, int channels) {
        double[] out = new double[channels * before];
        for (int channel = 0; channel < channels; channel++) {
            for (int at = 0; at < after(); at++) {
                for (int place = 0; place < places; place++) {
                    int pixel = pixels[at][place];
                    if (pixel >= 0) {
                        out[channel * before + pixel] += gathered[(channel * places + place) * after() + at];
                    }
                }
            }
        }
        return out;
    }

    /** The mean over each window; outside counts as 0. */
    Stage mean() {
        return values -> {
            double[] gathered = gather(values);
            double[] out = new double[values.channels() * after()];
            for (int at = 0; at < gathered.length; at++) {
                int channel = at / (places * after());
                out[channel * after() + at % after()] += gathered[at] / places;
            }
            return new Stage.Passed(new Values(values.channels(), after(), out), (gradient, _) -> {
                double[] spread = new double[gathered.length];
                for (int at = 0; at < spread.length; at++) {
                    int channel = at / (places * after());
                    spread[at] = gradient[channel * after() + at % after()] / places;
                }
                return scatter(spread, values.channels());
            });
        };
    }
}
