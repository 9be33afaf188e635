package cntk.arch;

import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import java.util.List;

/**
 * Walks through the layers once and refuses what has no meaning.
 *
 * @param spatialEnd number of layers before the readout
 * @param headBegin index of the first layer after the readout
 * @param image pixels before the readout
 */
record NetworkCheck(int spatialEnd, int headBegin, Readout readout, Extent image) {
    static NetworkCheck of(List<Layer> layers, ImageShape shape) {
        return new Walk(layers, shape).run();
    }

    /** "layer 3 'relu'", or "layer 5, branch layer 1 'relu'" with {@code place} "layer 5, branch ". */
    static String name(String place, int index, Layer layer) {
        String text = CanonicalText.of(layer);
        return place + "layer " + (index + 1) + " '" + text + "'";
    }

    /**
     * What is known of the values between two layers.
     *
     * @param extent pixels; 1x1 behind the readout
     * @param image whether it is an image still, if only of one pixel
     * @param weighted whether weights stand before: else the features are the channels of the input
     * @param gaussian whether the values are Gaussian in the infinite width limit: sums over the weights of a layer before
     */
    private record Values(Extent extent, boolean image, boolean weighted, boolean gaussian) {
        Values withExtent(Extent next) {
            return new Values(next, image, weighted, gaussian);
        }

        Values weightedSums(Extent next) {
            return new Values(next, image, true, true);
        }

        Values withGaussian(boolean next) {
            return new Values(extent, image, weighted, next);
        }

        /** Where one pixel is left no readout is needed. */
        boolean onePixel() {
            return extent.pixels() == 1;
        }

        Values onePosition(boolean stillGaussian) {
            return new Values(Extent.ONE, false, weighted, gaussian && stillGaussian);
        }
    }

    private static final class Walk {
        private final List<Layer> layers;
        private final ImageShape shape;
        private String becameOneAt = "";
        private NetworkCheck result = new NetworkCheck(0, 0, Readout.FLATTEN, Extent.ONE);

        Walk(List<Layer> layers, ImageShape shape) {
            this.layers = layers;
            this.shape = shape;
        }

        NetworkCheck run() {
            Values values = new Values(Extent.of(shape), true, false, false);
            for (int index = 0; index < layers.size(); index++) {
                values = outer(index, values);
            }
            if (values.image() && !values.onePixel()) {
                throw new InputException("the network ends with an image of " + values.extent()
                        + " pixels, but must end with one number\nhint: add 'gap' or 'flatten', then 'dense'");
            }
            return values.image()
                    ? new NetworkCheck(layers.size(), layers.size(), Readout.FLATTEN, Extent.ONE)
                    : result;
        }

        /** A layer that stands in no other. */
        private Values outer(int index, Values values) {
            Layer layer = layers.get(index);
            return switch (layer) {
                case Layer.Flatten() -> {
                    needImage("", index, layer, values);
                    becomeOne(index, index + 1, Readout.FLATTEN, values);
                    yield values.onePosition(values.onePixel()); // different pixels have different variances
                }
                case Layer.GlobalAveragePool() -> {
                    needImage("", index, layer, values);
                    becomeOne(index, index + 1, Readout.GLOBAL_AVERAGE_POOL, values);
                    yield values.onePosition(true);
                }
                case Layer.Dense _
                when values.image() && values.onePixel() -> {
                    becomeOne(index, index, Readout.FLATTEN, values);
                    yield values.onePosition(true).weightedSums(Extent.ONE);
                }
                case Layer.Conv _, Layer.Pooling _, Layer.Nonlinearity _, Layer.Residual _, Layer.Dense _ ->
                    step("", index, layer, values);
            };
        }

        private Values step(String place, int index, Layer layer, Values values) {
            return switch (layer) {
                case Layer.Conv conv -> {
                    needImage(place, index, layer, values);
                    checkStride(place, index, conv, values.extent());
                    yield values.weightedSums(fitted(place, index, layer, conv.window(), values));
                }
                case Layer.Pooling pool -> {
                    needImage(place, index, layer, values);
                    checkPooling(place, index, layer, pool.window(), values.extent());
                    yield values.withExtent(fitted(place, index, layer, pool.window(), values));
                }
                case Layer.Identity() -> values;
                case Layer.Nonlinearity nonlinearity -> {
                    needGaussian(place, index, nonlinearity, values);
                    yield values.withGaussian(false);
                }
                case Layer.Dense _ -> {
                    needOnePosition(place, index, layer, values);
                    yield values.weightedSums(Extent.ONE);
                }
                case Layer.Residual residual -> sum(place, index, residual, values);
                case Layer.Flatten(), Layer.GlobalAveragePool() ->
                    throw wrong(
                            place,
                            index,
                            layer,
                            "cannot stand inside of residual(...), which keeps an image an image",
                            "put it behind the residual layer");
            };
        }

        /** Both ways through a residual layer have to end alike, and must not go together: maths.md eq. 21. */
        private Values sum(String place, int index, Layer.Residual residual, Values before) {
            String inner = place + "layer " + (index + 1) + ", ";
            Values branch = through(inner + "branch ", residual.branch(), before);
            Values shortcut = through(inner + "shortcut ", residual.shortcut(), before);
            if (!branch.extent().equals(shortcut.extent())) {
                throw wrong(
                        place,
                        index,
                        residual,
                        "adds " + branch.extent() + " pixels to " + shortcut.extent(),
                        "give both ways the same strides and pooling, such as residual(conv(stride=2) | conv(stride=2))");
            }
            if (branch.weighted() != shortcut.weighted()) {
                throw wrong(
                        place,
                        index,
                        residual,
                        "adds the " + shape.channels() + " channels of the input to infinitely many",
                        "put a 'conv' or 'dense' before it");
            }
            if (!endsInFreshWeights(residual.branch(), false) && !endsInFreshWeights(residual.shortcut(), false)) {
                throw wrong(
                        place,
                        index,
                        residual,
                        "adds two ways that go together: neither ends in weights of its own",
                        "let the branch end in 'conv' or 'dense'");
            }
            return branch.withGaussian(branch.gaussian() && shortcut.gaussian());
        }

        private Values through(String place, List<Layer> inner, Values before) {
            Values values = before;
            for (int index = 0; index < inner.size(); index++) {
                values = step(place, index, inner.get(index), values);
            }
            return values;
        }

        /**
         * Whether the values behind these layers are sums over weights that the values before them do not know, so that their
         * products with those have mean 0.
         */
        private static boolean endsInFreshWeights(List<Layer> layers, boolean freshBefore) {
            boolean fresh = freshBefore;
            for (Layer layer : layers) {
                fresh = switch (layer) {
                    case Layer.Weighted _ -> true;
                    case Layer.Identity(), Layer.Pooling _, Layer.Flatten(), Layer.GlobalAveragePool() -> fresh;
                    case Layer.Nonlinearity _ -> false; // a ReLU has a mean
                    case Layer.Residual(List<Layer> branch, List<Layer> shortcut) ->
                        endsInFreshWeights(branch, fresh) && endsInFreshWeights(shortcut, fresh);
                };
            }
            return fresh;
        }

        private Extent fitted(String place, int index, Layer layer, Window window, Values values) {
            Extent after = values.extent().after(layer);
            if (after.height() < 1 || after.width() < 1) {
                throw wrong(
                        place,
                        index,
                        layer,
                        "has a window of " + window.k() + "x" + window.k() + ", but stands on an image of "
                                + values.extent(),
                        "use a smaller window or pad=zero");
            }
            return after;
        }

        private void checkStride(String place, int index, Layer.Conv conv, Extent extent) {
            boolean odd = extent.height() % conv.stride() != 0 || extent.width() % conv.stride() != 0;
            if (odd && conv.padding() != Padding.ZERO) {
                throw wrong(
                        place,
                        index,
                        conv,
                        "has stride " + conv.stride() + " and pad="
                                + conv.padding().word() + ", but stands on an image of " + extent
                                + ", which it does not divide",
                        "use pad=zero, or stride=1 and 'avgpool'");
            }
        }

        private void checkPooling(String place, int index, Layer layer, Window window, Extent extent) {
            // a padded local mean may reach beyond both borders: Li et al. 2019 go up to c = 32 on 32x32
            boolean local = layer instanceof Layer.Lap && window.padding() == Padding.ZERO;
            if (!local && window.k() > Math.min(extent.height(), extent.width())) {
                throw wrong(
                        place,
                        index,
                        layer,
                        "has a window of " + window.k() + "x" + window.k() + ", larger than the image of " + extent,
                        "use a smaller window, or 'gap' for all pixels");
            }
            boolean divides = extent.height() % window.stride() == 0 && extent.width() % window.stride() == 0;
            if (window.padding() == Padding.CIRCULAR && !divides) {
                throw wrong(
                        place,
                        index,
                        layer,
                        "has stride " + window.stride() + " and pad=circular, but stands on an image of " + extent
                                + ", which it does not divide",
                        "use pad=zero or pad=valid");
            }
        }

        private void needImage(String place, int index, Layer layer, Values values) {
            if (!values.image()) {
                throw wrong(
                        place,
                        index,
                        layer,
                        "needs an image, but " + becameOneAt + " left one position",
                        "move it before that layer");
            }
        }

        private void needOnePosition(String place, int index, Layer layer, Values values) {
            if (values.image()) {
                throw wrong(
                        place,
                        index,
                        layer,
                        "needs one position, but stands on an image of " + values.extent(),
                        place.isEmpty()
                                ? "put 'gap' or 'flatten' before it"
                                : "put 'gap' or 'flatten' before the residual layer");
            }
        }

        private void needGaussian(String place, int index, Layer.Nonlinearity layer, Values values) {
            if (layer.needsGaussian() && !values.gaussian()) {
                String before = index == 0 ? "the input" : name("", index - 1, layers.get(index - 1));
                if (!place.isEmpty()) {
                    before = "values that are none";
                }
                throw wrong(
                        place,
                        index,
                        layer,
                        "acts on sums over weights, but stands behind " + before,
                        values.image() ? "put a 'conv' before it" : "put a 'dense' before it");
            }
        }

        private void becomeOne(int index, int headBegin, Readout readout, Values before) {
            becameOneAt = name("", index, layers.get(index));
            result = new NetworkCheck(index, headBegin, readout, before.extent());
        }

        private static InputException wrong(String place, int index, Layer layer, String what, String hint) {
            return new InputException(name(place, index, layer) + " " + what + "\nhint: " + hint);
        }
    }
}
