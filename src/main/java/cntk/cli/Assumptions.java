package cntk.cli;

import cntk.arch.Spelling;
import cntk.dataset.InputException;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** A value for every {@link Assumption}. */
record Assumptions(Map<Assumption, Double> values) {
    private static final double GIGA = 1e9;
    private static final double TERA = 1e12;

    /**
     * The usual ones of a card, but for those that are given.
     *
     * @param given by word
     * @throws InputException for an unknown word, or a value that is not a finite number above 0
     */
    static Assumptions of(GpuEstimate.Card card, Map<String, Double> given) {
        Map<Assumption, Double> values = new EnumMap<>(Assumption.class);
        for (Assumption assumption : Assumption.values()) {
            values.put(assumption, assumption.usual(card));
        }
        given.forEach((word, value) -> values.put(named(word), positive(word, value)));
        return new Assumptions(values);
    }

    private static Assumption named(String word) {
        for (Assumption assumption : Assumption.values()) {
            if (assumption.word().equals(word)) {
                return assumption;
            }
        }
        throw new InputException("--assume names '" + word + "', which is no assumption"
                + Spelling.hint(word, Assumption.words(), "there are " + String.join(", ", Assumption.words())));
    }

    private static double positive(String word, double value) {
        if (!(value > 0) || Double.isInfinite(value)) {
            throw new InputException("--assume " + word + " is " + value + ", expected a finite number above 0");
        }
        return value;
    }

    double of(Assumption assumption) {
        return values.getOrDefault(assumption, Double.NaN);
    }

    /** At least one. */
    int whole(Assumption assumption) {
        return (int) Math.max(1, of(assumption));
    }

    int nodes(int gpus) {
        return Math.ceilDiv(gpus, whole(Assumption.GPUS_PER_NODE));
    }

    /** Bytes of memory of a node. */
    long nodeBytes() {
        return (long) (GIGA * of(Assumption.NODE_MEMORY));
    }

    /** Bytes of memory of a GPU. */
    long gpuBytes() {
        return (long) (GIGA * of(Assumption.GPU_MEMORY));
    }

    /** Bytes a second between that many nodes and the store. */
    double storeRate(int nodes) {
        return Math.min(nodes * linkRate(), GIGA * of(Assumption.STORE));
    }

    /** Bytes a second between one node and the others. */
    double linkRate() {
        return GIGA * of(Assumption.NODE_LINK);
    }

    /** Bytes a second between the cores of a node and its memory. */
    double streamRate() {
        return GIGA * of(Assumption.NODE_STREAM);
    }

    /** Operations a second of the cores of a node. */
    double flops() {
        return TERA * of(Assumption.NODE_FLOPS);
    }

    /** Seconds that a GPU waits for a tile to be durable. */
    double commitSeconds() {
        return of(Assumption.COMMIT) / 1e3;
    }

    /** By word, in order. */
    Map<String, Object> fields() {
        Map<String, Object> fields = new LinkedHashMap<>();
        values.forEach((assumption, value) -> fields.put(assumption.word(), value));
        return fields;
    }
}
