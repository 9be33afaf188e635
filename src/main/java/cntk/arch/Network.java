package cntk.arch;

import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import java.util.List;

/**
 * An architecture fitted to images of one shape: every layer gets what it needs, and the network ends in one number per
 * pair of images. It is made of spatial layers (on H x W pixels), a readout, and a head (on one position):
 *
 * <pre>
 *   conv relu conv relu  |  gap  |  dense relu dense
 *   spatialLayers()       readout()  headLayers()
 * </pre>
 *
 * <p>Images of one pixel ([N,D] data) are one position already: flatten may be left out and is then implied before the
 * first dense layer.
 */
public final class Network {
    /** Largest height and width of an image, in pixels. */
    public static final int MAX_SIDE = 96;

    private final Architecture architecture;
    private final ImageShape shape;
    private final int spatialEnd;
    private final int headBegin;
    private final Readout readout;

    private Network(Architecture architecture, ImageShape shape, NetworkCheck check) {
        this.architecture = architecture;
        this.shape = shape;
        this.spatialEnd = check.spatialEnd();
        this.headBegin = check.headBegin();
        this.readout = check.readout();
    }

    /**
     * Fits the architecture to images of this shape.
     *
     * @throws InputException naming the layer by number and text, what is wrong, and what would be right
     */
    public static Network of(Architecture architecture, ImageShape shape) {
        if (shape.height() > MAX_SIDE || shape.width() > MAX_SIDE) {
            throw new InputException("images are " + shape.height() + "x" + shape.width()
                    + " pixels, but networks take 1x1 to " + MAX_SIDE + "x" + MAX_SIDE);
        }
        return new Network(architecture, shape, NetworkCheck.of(architecture.layers(), shape));
    }

    public Architecture architecture() {
        return architecture;
    }

    /** Shape of the input images. */
    public ImageShape input() {
        return shape;
    }

    public List<Layer> layers() {
        return architecture.layers();
    }

    /** Layers on the H x W image, before the readout: convolutions and non-linearities; may be empty. */
    public List<Layer> spatialLayers() {
        return layers().subList(0, spatialEnd);
    }

    /** How the image becomes one position; {@code FLATTEN} where it is implied for images of one pixel. */
    public Readout readout() {
        return readout;
    }

    /** Layers after the readout, on one position: dense layers and non-linearities; may be empty. */
    public List<Layer> headLayers() {
        return layers().subList(headBegin, layers().size());
    }

    /** Pixels before layer {@code index}: 1x1 after the readout. */
    public Extent before(int index) {
        return index < headBegin ? new Extent(shape.height(), shape.width()) : Extent.ONE;
    }

    /** Pixels after layer {@code index}. */
    public Extent after(int index) {
        return index < spatialEnd ? new Extent(shape.height(), shape.width()) : Extent.ONE;
    }

    /** The displacement planes that the readout needs; convolutions stay within a plane. */
    public PlaneDemand planes() {
        return PlaneDemand.of(readout, shape);
    }

    /** Entries of the 4-D tensor computed per pair in each spatial layer. */
    public long entriesPerPair() {
        return planes().entries(shape);
    }

    /**
     * Work of one pair: entries times convolutions, a convolution and the non-linearity behind it counted as one layer. Ten
     * layers under gap at 32x32 are 1024 * 1024 * 10.
     */
    public long elementLayers() {
        long sum = 0;
        for (int index = 0; index < layers().size(); index++) {
            sum += elementLayers(index);
        }
        return sum;
    }

    /** The share of layer {@code index} in {@link #elementLayers()}. */
    public long elementLayers(int index) {
        return switch (layers().get(index)) {
            case Layer.Conv _ -> entriesPerPair();
            case Layer.Relu(), Layer.Flatten(), Layer.GlobalAveragePool() -> 0;
            case Layer.Dense _ -> 0;
        };
    }

    /** Whether any bias is above zero; without biases the kernels scale with the images. */
    public boolean hasBias() {
        for (Layer layer : layers()) {
            if (layer instanceof Layer.Weighted weighted && weighted.biasStd() > 0) {
                return true;
            }
        }
        return false;
    }

    /** Layers with weights that are trained. */
    public int trainedLayers() {
        int trained = 0;
        for (Layer layer : layers()) {
            trained += layer instanceof Layer.Weighted weighted && weighted.train() ? 1 : 0;
        }
        return trained;
    }

    /** Height and width in pixels. */
    public record Extent(int height, int width) {
        static final Extent ONE = new Extent(1, 1);

        @Override
        public String toString() {
            return height + "x" + width;
        }
    }

    @Override
    public String toString() {
        return architecture.text() + " on " + shape;
    }
}
