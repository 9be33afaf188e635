package cntk.backend.cpu;

import java.util.List;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Permutations of lanes as the rows use them: {@code sources} [permutation] says which lane every lane takes, {@code taken}
 * [permutation * lanes + lane] is 1, or 0 for a lane that takes nothing.
 */
final class LanePermutations {
    final VectorShuffle<Float>[] floatSources;
    final float[] floatTaken;
    final VectorShuffle<Double>[] doubleSources;
    final double[] doubleTaken;

    @SuppressWarnings({"unchecked", "rawtypes"}) // arrays of generics
    LanePermutations(List<int[]> permutations) {
        int lanes = permutations.isEmpty() ? 0 : permutations.getFirst().length;
        this.floatSources = new VectorShuffle[permutations.size()];
        this.doubleSources = new VectorShuffle[permutations.size()];
        this.floatTaken = new float[permutations.size() * lanes];
        this.doubleTaken = new double[permutations.size() * lanes];
        for (int number = 0; number < permutations.size(); number++) {
            int[] sources = permutations.get(number).clone();
            for (int lane = 0; lane < lanes; lane++) {
                boolean taken = sources[lane] != LaneScatter.NONE;
                sources[lane] = taken ? sources[lane] : lane;
                floatTaken[number * lanes + lane] = taken ? 1 : 0;
                doubleTaken[number * lanes + lane] = taken ? 1 : 0;
            }
            floatSources[number] = shuffle(FloatVector.SPECIES_PREFERRED, sources);
            doubleSources[number] = shuffle(DoubleVector.SPECIES_PREFERRED, sources);
        }
    }

    /** Of the species with as many lanes; the other one is never asked for. */
    private static <E> VectorShuffle<E> shuffle(VectorSpecies<E> species, int[] sources) {
        return species.length() == sources.length
                ? VectorShuffle.fromArray(species, sources, 0)
                : VectorShuffle.iota(species, 0, 1, false);
    }
}
