package cntk.plan;

import cntk.arch.Layer;
import cntk.arch.Network;
import cntk.dataset.InputException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * Networks read out of one recursion: the layers of the deepest one, and where each of them leaves it. Pooling right before a readout
 * belongs to the readout (maths.md eq. 32), so that networks that differ in it alone share everything.
 *
 * @param layers on the image of the deepest network, without the pooling before its readout
 * @param exits by the number of layers they stand behind, ascending; those that stand at one place together, in the order of the networks
 */
record SharedLayers(List<Layer> layers, List<List<Exit>> exits) {
    /**
     * Where a network leaves the recursion.
     *
     * @param network its number
     * @param after how many layers
     * @param pools pooling layers between there and its readout, in order
     */
    record Exit(int network, int after, List<Layer.Pooling> pools) {}

    /** @throws InputException if a network is no beginning of the deepest one, naming the layer where they part */
    static SharedLayers of(List<Network> networks) {
        List<Layer> deepest = List.of();
        TreeMap<Integer, List<Exit>> exits = new TreeMap<>();
        for (int index = 0; index < networks.size(); index++) {
            List<Layer> layers = networks.get(index).spatialLayers();
            int end = layers.size();
            while (end > 0 && layers.get(end - 1) instanceof Layer.Pooling) {
                end--;
            }
            List<Layer.Pooling> pools = layers.subList(end, layers.size()).stream()
                    .map(Layer.Pooling.class::cast)
                    .toList();
            exits.computeIfAbsent(end, _ -> new ArrayList<>()).add(new Exit(index, end, pools));
            deepest = end > deepest.size() ? layers.subList(0, end) : deepest;
        }
        for (Network network : networks) {
            requireBeginning(network, deepest);
        }
        if (!deepest.isEmpty() && exits.firstKey() == 0) {
            throw new InputException("'"
                    + networks.get(exits.firstEntry().getValue().getFirst().network())
                            .architecture()
                            .text()
                    + "' reads the image itself and shares no sweep with a network of convolutions");
        }
        return new SharedLayers(deepest, List.copyOf(exits.values()));
    }

    private static void requireBeginning(Network network, List<Layer> deepest) {
        List<Layer> layers = network.spatialLayers();
        for (int index = 0; index < layers.size(); index++) {
            boolean readout = layers.subList(index, layers.size()).stream().allMatch(Layer.Pooling.class::isInstance);
            if (readout) {
                return;
            }
            if (!layers.get(index).equals(deepest.get(index))) {
                throw new InputException(
                        "layer " + (index + 1) + " of '"
                                + network.architecture().text()
                                + "' is not that of the deepest network, so they share no sweep"
                                + "\nhint: networks of one sweep differ in their readout, in pooling right before it, and in where they end");
            }
        }
    }
}
