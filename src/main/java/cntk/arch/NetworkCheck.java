package cntk.arch;

import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import java.util.List;

/**
 * Walks through the layers once and refuses what has no meaning.
 *
 * @param spatialEnd number of layers before the readout
 * @param headBegin index of the first layer after the readout
 */
record NetworkCheck(int spatialEnd, int headBegin, Readout readout) {
    /** Where the walk stands. */
    private enum Stage {
        IMAGE,
        ONE_POSITION
    }

    static NetworkCheck of(List<Layer> layers, ImageShape shape) {
        return new Walk(layers, shape).run();
    }

    private static final class Walk {
        private final List<Layer> layers;
        private final boolean onePixel;
        private final ImageShape shape;
        private Stage stage = Stage.IMAGE;
        private String becameOneAt = "";
        /** Whether the values are Gaussian in the infinite width limit: sums over the weights of the layer before. */
        private boolean gaussian;

        private NetworkCheck result = new NetworkCheck(0, 0, Readout.FLATTEN);

        Walk(List<Layer> layers, ImageShape shape) {
            this.layers = layers;
            this.shape = shape;
            this.onePixel = shape.pixels() == 1;
        }

        NetworkCheck run() {
            for (int index = 0; index < layers.size(); index++) {
                step(index, layers.get(index));
            }
            if (stage == Stage.IMAGE && !onePixel) {
                throw new InputException("the network ends with an image of " + shape.height() + "x" + shape.width()
                        + " pixels, but must end with one number\nhint: add 'gap' or 'flatten', then 'dense'");
            }
            return stage == Stage.IMAGE ? new NetworkCheck(layers.size(), layers.size(), Readout.FLATTEN) : result;
        }

        private void step(int index, Layer layer) {
            switch (layer) {
                case Layer.Conv _ -> {
                    needImage(index);
                    gaussian = true;
                }
                case Layer.Relu() -> {
                    needGaussian(index);
                    gaussian = false;
                }
                case Layer.Flatten() -> {
                    needImage(index);
                    becomeOne(index, new NetworkCheck(index, index + 1, Readout.FLATTEN));
                    gaussian &= onePixel; // features of different pixels have different variances
                }
                case Layer.GlobalAveragePool() -> {
                    needImage(index);
                    becomeOne(index, new NetworkCheck(index, index + 1, Readout.GLOBAL_AVERAGE_POOL));
                }
                case Layer.Dense _ -> {
                    needOnePosition(index);
                    gaussian = true;
                }
            }
        }

        private void needImage(int index) {
            if (stage == Stage.ONE_POSITION) {
                throw wrong(
                        index,
                        "needs an image, but " + becameOneAt + " left one position",
                        "move it before that layer");
            }
        }

        private void needOnePosition(int index) {
            if (stage == Stage.IMAGE && !onePixel) {
                String size = shape.height() + "x" + shape.width();
                throw wrong(
                        index,
                        "needs one position, but stands on an image of " + size,
                        "put 'gap' or 'flatten' before it");
            }
            if (stage == Stage.IMAGE) {
                becomeOne(index, new NetworkCheck(index, index, Readout.FLATTEN));
            }
        }

        private void needGaussian(int index) {
            if (!gaussian) {
                String before = index == 0 ? "the input" : name(index - 1);
                throw wrong(
                        index,
                        "acts on sums over weights, but stands behind " + before,
                        stage == Stage.IMAGE ? "put a 'conv' before it" : "put a 'dense' before it");
            }
        }

        private void becomeOne(int index, NetworkCheck found) {
            stage = Stage.ONE_POSITION;
            becameOneAt = name(index);
            result = found;
        }

        private String name(int index) {
            return "layer " + (index + 1) + " '" + CanonicalText.of(layers.get(index)) + "'";
        }

        private InputException wrong(int index, String what, String hint) {
            return new InputException(name(index) + " " + what + "\nhint: " + hint);
        }
    }
}
