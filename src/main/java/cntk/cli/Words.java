package cntk.cli;

import cntk.arch.Network;
import cntk.backend.Backends;
import cntk.dataset.Augmentation;
import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import cntk.dataset.Normalization;
import cntk.plan.KernelKind;
import cntk.plan.Precision;
import cntk.plan.Shard;
import cntk.solve.SolverChoice;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The words that options take, and the values that they stand for. */
final class Words {
    private Words() {}

    /** What {@code --precision} asks for. */
    enum PrecisionChoice {
        AUTO("auto"),
        F32("f32"),
        F64("f64");

        private final String word;

        PrecisionChoice(String word) {
            this.word = word;
        }

        String word() {
            return word;
        }

        /** Auto: doubles cost little where only plane (0,0) is read, and keep the digits of near copies (DESIGN.md). */
        Precision of(Network network) {
            return switch (this) {
                case AUTO -> network.planes().onlyEqualPixels() ? Precision.F64 : Precision.F32;
                case F32 -> Precision.F32;
                case F64 -> Precision.F64;
            };
        }
    }

    static final class OfKind extends OfWord<KernelKind> {
        OfKind() {
            super(KernelKind.values(), KernelKind::word);
        }
    }

    static final class OfPrecision extends OfWord<PrecisionChoice> {
        OfPrecision() {
            super(PrecisionChoice.values(), PrecisionChoice::word);
        }
    }

    static final class OfCard extends OfWord<GpuEstimate.Card> {
        OfCard() {
            super(GpuEstimate.Card.values(), GpuEstimate.Card::word);
        }
    }

    static final class OfSolver extends OfWord<SolverChoice> {
        OfSolver() {
            super(SolverChoice.values(), SolverChoice::word);
        }
    }

    static final class OfBackend extends OfWord<Backends.Choice> {
        OfBackend() {
            super(Backends.Choice.values(), Backends.Choice::word);
        }
    }

    static final class OfNormalization extends OfWord<Normalization> {
        OfNormalization() {
            super(Normalization.values(), Normalization::word);
        }
    }

    static final class OfAugmentation extends OfWord<Augmentation> {
        OfAugmentation() {
            super(Augmentation.values(), Augmentation::word);
        }
    }

    /** {@code 3/64}. */
    static final class OfShard implements ITypeConverter<Shard> {
        @Override
        public Shard convert(String text) {
            try {
                return Shard.parse(text);
            } catch (InputException wrong) {
                throw new TypeConversionException(String.valueOf(wrong.getMessage()));
            }
        }
    }

    /** {@code 3x32x32}. */
    static final class OfShape implements ITypeConverter<ImageShape> {
        private static final Pattern SHAPE = Pattern.compile("(\\d{1,9})x(\\d{1,9})x(\\d{1,9})");

        @Override
        public ImageShape convert(String text) {
            Matcher matcher = SHAPE.matcher(text);
            if (!matcher.matches()) {
                throw new TypeConversionException(
                        "expected CHANNELSxHEIGHTxWIDTH, such as 3x32x32, but was '" + text + "'");
            }
            try {
                return new ImageShape(
                        Integer.parseInt(matcher.group(1)),
                        Integer.parseInt(matcher.group(2)),
                        Integer.parseInt(matcher.group(3)));
            } catch (InputException emptyAxis) {
                throw new TypeConversionException(String.valueOf(emptyAxis.getMessage()));
            }
        }
    }

    /** Exactly one of a few words; also lists them for the help text. */
    abstract static class OfWord<T> implements ITypeConverter<T>, Iterable<String> {
        private final T[] values;
        private final Function<T, String> word;

        OfWord(T[] values, Function<T, String> word) {
            this.values = values;
            this.word = word;
        }

        @Override
        public T convert(String text) {
            return Arrays.stream(values)
                    .filter(value -> word.apply(value).equals(text))
                    .findFirst()
                    .orElseThrow(() -> new TypeConversionException(
                            "expected " + String.join(", ", words()) + ", but was '" + text + "'"));
        }

        @Override
        public Iterator<String> iterator() {
            return words().iterator();
        }

        private List<String> words() {
            return Arrays.stream(values).map(word).toList();
        }
    }
}
