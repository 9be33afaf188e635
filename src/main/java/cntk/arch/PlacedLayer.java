package cntk.arch;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * A layer before the readout, at its place in a network fitted to images.
 *
 * @param before pixels before it
 * @param after pixels behind it
 * @param reads displacement planes that it needs before it
 * @param gives displacement planes that are needed behind it
 * @param branch of a residual layer, else empty
 * @param shortcut of a residual layer; empty for the identity
 */
public record PlacedLayer(
        Layer layer,
        Extent before,
        Extent after,
        PlaneDemand reads,
        PlaneDemand gives,
        List<PlacedLayer> branch,
        List<PlacedLayer> shortcut) {

    /** Places layers that fit: extents from the first to the last, planes from the last to the first. */
    static List<PlacedLayer> of(List<Layer> layers, Extent input, PlaneDemand atEnd) {
        List<Extent> extents = new ArrayList<>(List.of(input));
        layers.forEach(layer -> extents.add(extents.getLast().after(layer)));
        Deque<PlacedLayer> placed = new ArrayDeque<>();
        PlaneDemand demand = atEnd;
        for (int index = layers.size() - 1; index >= 0; index--) {
            PlacedLayer layer = of(layers.get(index), extents.get(index), extents.get(index + 1), demand);
            placed.addFirst(layer);
            demand = layer.reads();
        }
        return List.copyOf(placed);
    }

    private static PlacedLayer of(Layer layer, Extent before, Extent after, PlaneDemand gives) {
        return switch (layer) {
            case Layer.Conv conv -> plain(layer, before, after, gives.beforeConvolution(conv.window(), before), gives);
            case Layer.Pooling pool -> plain(layer, before, after, gives.beforePooling(pool.window(), before), gives);
            case Layer.Nonlinearity _ -> plain(layer, before, after, gives, gives);
            case Layer.Residual residual -> {
                List<PlacedLayer> branch = of(residual.branch(), before, gives);
                List<PlacedLayer> shortcut = of(residual.shortcut(), before, gives);
                PlaneDemand reads = branch.getFirst()
                        .reads()
                        .or(shortcut.isEmpty() ? gives : shortcut.getFirst().reads());
                yield new PlacedLayer(layer, before, after, reads, gives, branch, shortcut);
            }
            case Layer.Flatten(), Layer.GlobalAveragePool(), Layer.Dense _ ->
                throw new IllegalStateException("layer " + layer + " has no place before the readout");
        };
    }

    private static PlacedLayer plain(Layer layer, Extent before, Extent after, PlaneDemand reads, PlaneDemand gives) {
        return new PlacedLayer(layer, before, after, reads, gives, List.of(), List.of());
    }

    /** Entries of the 4-D tensor to compute per pair before the layer. */
    public long entriesBefore() {
        return reads.entries(before);
    }

    /** Entries of the 4-D tensor to compute per pair behind the layer. */
    public long entriesAfter() {
        return gives.entries(after);
    }

    /** Entries behind it times convolutions: itself, or those inside it. */
    public long elementLayers() {
        return switch (layer) {
            case Layer.Conv _ -> entriesAfter();
            case Layer.Residual _ -> elementLayers(branch) + elementLayers(shortcut);
            case Layer.Pooling _, Layer.Nonlinearity _, Layer.Flatten(), Layer.GlobalAveragePool(), Layer.Dense _ -> 0;
        };
    }

    private static long elementLayers(List<PlacedLayer> layers) {
        return layers.stream().mapToLong(PlacedLayer::elementLayers).sum();
    }
}
