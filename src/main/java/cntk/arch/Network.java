package cntk.arch;

import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import java.util.List;
import java.util.Optional;

/**
 * An architecture fitted to images of one shape: every layer gets what it needs, and the network ends in one number per
 * pair of images. It is made of spatial layers (on an image), a readout, and a head (on one position):
 *
 * <pre>
 *   conv relu avgpool conv relu  |  gap  |  dense relu dense
 *   spatial()                    readout()  headLayers()
 * </pre>
 *
 * <p>An image of one pixel ([N,D] data, or what pooling left) is one position already: flatten may be left out and is then
 * implied before the first dense layer.
 */
public final class Network {
    /** Largest height and width of an image, in pixels. */
    public static final int MAX_SIDE = 96;

    private final Architecture architecture;
    private final ImageShape shape;
    private final NetworkCheck check;
    private final List<PlacedLayer> spatial;
    private final List<PlacedLayer> variances;

    private Network(Architecture architecture, ImageShape shape, NetworkCheck check) {
        this.architecture = architecture;
        this.shape = shape;
        this.check = check;
        this.spatial = PlacedLayer.of(spatialLayers(), Extent.of(shape), readoutPlanes());
        this.variances = placedForVariances();
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

    /** Layers on the image, before the readout: convolutions, pooling, non-linearities, sums of them; may be empty. */
    public List<Layer> spatialLayers() {
        return layers().subList(0, check.spatialEnd());
    }

    /** The same with extents and the planes that a pair of images needs. */
    public List<PlacedLayer> spatial() {
        return spatial;
    }

    /**
     * The spatial layers that the variances of one image need, from its pair with itself: up to the last non-linearity, with the planes
     * for equal pixels there (all planes before pooling layers only). All of them as {@link #spatial} has them if the head needs
     * variances too.
     */
    public List<PlacedLayer> variances() {
        return variances;
    }

    private List<PlacedLayer> placedForVariances() {
        if (headNeedsVariances()) {
            return spatial;
        }
        int last = spatialLayers().size();
        while (last > 0 && !hasNonlinearity(spatialLayers().subList(last - 1, last))) {
            last--;
        }
        return PlacedLayer.of(spatialLayers().subList(0, last), Extent.of(shape), PlaneDemand.TRACE);
    }

    /** Whether a non-linearity stands behind the readout: it reads the variance of the image there. */
    public boolean headNeedsVariances() {
        return hasNonlinearity(headLayers());
    }

    private static boolean hasNonlinearity(List<Layer> layers) {
        return Layer.all(layers).anyMatch(Layer.Nonlinearity.class::isInstance);
    }

    /** How the image becomes one position; {@code FLATTEN} where it is implied for images of one pixel. */
    public Readout readout() {
        return check.readout();
    }

    /** Pixels before the readout. */
    public Extent readoutExtent() {
        return check.image();
    }

    /** Displacement planes that the readout reads. */
    public PlaneDemand readoutPlanes() {
        return PlaneDemand.of(readout(), readoutExtent());
    }

    /** Entries of the 4-D tensor that the readout averages. */
    public long readoutEntries() {
        return readoutPlanes().entries(readoutExtent());
    }

    /** Layers after the readout, on one position: dense layers, non-linearities, sums of them; may be empty. */
    public List<Layer> headLayers() {
        return layers().subList(check.headBegin(), layers().size());
    }

    /** Pixels before layer {@code index}: 1x1 after the readout. */
    public Extent before(int index) {
        if (index < spatial.size()) {
            return spatial.get(index).before();
        }
        return index < check.headBegin() ? readoutExtent() : Extent.ONE;
    }

    /** Pixels after layer {@code index}. */
    public Extent after(int index) {
        return index < spatial.size() ? spatial.get(index).after() : Extent.ONE;
    }

    /** The displacement planes of the input images that the network reads; {@link #spatial} has those of every layer. */
    public PlaneDemand planes() {
        return spatial.isEmpty() ? readoutPlanes() : spatial.getFirst().reads();
    }

    /** Entries of the 4-D tensor computed per pair for the input; without pooling and strides, in every spatial layer. */
    public long entriesPerPair() {
        return planes().entries(Extent.of(shape));
    }

    /**
     * Work of one pair: entries times convolutions, a convolution and the non-linearity behind it counted as one layer. Ten
     * layers under gap at 32x32 are 1024 * 1024 * 10.
     */
    public long elementLayers() {
        return spatial.stream().mapToLong(PlacedLayer::elementLayers).sum();
    }

    /** The share of layer {@code index} in {@link #elementLayers()}. */
    public long elementLayers(int index) {
        return index < spatial.size() ? spatial.get(index).elementLayers() : 0;
    }

    /** Whether any bias is above zero; without biases the kernels scale with the images, as long as the non-linearities do. */
    public boolean hasBias() {
        return Layer.all(layers())
                .anyMatch(layer -> layer instanceof Layer.Weighted weighted && weighted.biasStd() > 0);
    }

    /** Layers with weights that are trained. */
    public int trainedLayers() {
        return (int) Layer.all(layers())
                .filter(layer -> layer instanceof Layer.Weighted weighted && weighted.train())
                .count();
    }

    /** The first layer for whose derivative no kernel is known, by number and text: the network has no NTK then. */
    public Optional<String> layerWithoutTangent() {
        return layerWithoutTangent("", layers());
    }

    private static Optional<String> layerWithoutTangent(String place, List<Layer> layers) {
        for (int index = 0; index < layers.size(); index++) {
            Layer layer = layers.get(index);
            String inner = place + "layer " + (index + 1) + ", ";
            Optional<String> found = switch (layer) {
                case Layer.Nonlinearity nonlinearity
                when !nonlinearity.hasTangent() -> Optional.of(NetworkCheck.name(place, index, layer));
                case Layer.Residual(List<Layer> branch, List<Layer> shortcut) ->
                    layerWithoutTangent(inner + "branch ", branch)
                            .or(() -> layerWithoutTangent(inner + "shortcut ", shortcut));
                case Layer.Nonlinearity _,
                        Layer.Weighted _,
                        Layer.Pooling _,
                        Layer.Flatten(),
                        Layer.GlobalAveragePool() -> Optional.empty();
            };
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    /**
     * The first layer whose windows stand on other pixels of a horizontally mirrored image than on those of the image itself, by number
     * and text: the kernel of two images is not that of their mirror images then.
     */
    public Optional<String> layerWithoutMirrorSymmetry() {
        return layerWithoutMirrorSymmetry("", spatial);
    }

    private static Optional<String> layerWithoutMirrorSymmetry(String place, List<PlacedLayer> layers) {
        for (int index = 0; index < layers.size(); index++) {
            PlacedLayer placed = layers.get(index);
            int width = placed.before().width();
            String inner = place + "layer " + (index + 1) + ", ";
            Optional<String> found = switch (placed.layer()) {
                case Layer.Conv conv
                when !conv.window().mirrors(width) -> Optional.of(NetworkCheck.name(place, index, conv));
                case Layer.Pooling pool
                when !pool.window().mirrors(width) -> Optional.of(NetworkCheck.name(place, index, pool));
                case Layer.Residual _ ->
                    layerWithoutMirrorSymmetry(inner + "branch ", placed.branch())
                            .or(() -> layerWithoutMirrorSymmetry(inner + "shortcut ", placed.shortcut()));
                case Layer.Nonlinearity _,
                        Layer.Weighted _,
                        Layer.Pooling _,
                        Layer.Flatten(),
                        Layer.GlobalAveragePool() -> Optional.empty();
            };
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    @Override
    public String toString() {
        return architecture.text() + " on " + shape;
    }
}
