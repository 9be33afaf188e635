package cntk.cli;

import cntk.dataset.InputException;
import cntk.dataset.Labels;
import cntk.solve.Folds;
import java.util.List;

/** What {@code --ridge} asks for. */
sealed interface RidgeChoice {
    /** A number, in units of the kernel. */
    record Fixed(double ridge) implements RidgeChoice {}

    /** A multiple of the mean diagonal entry. */
    record Relative(double factor) implements RidgeChoice {}

    /** The least leave-one-out error. */
    record LeaveOneOut() implements RidgeChoice {}

    /** The least error in k-fold cross-validation. */
    record CrossValidation(int folds) implements RidgeChoice {}

    /** The least error on a share of the training images that is held out. */
    record HeldOut(double share) implements RidgeChoice {}

    /**
     * Reads the option.
     *
     * @throws InputException for other words and for numbers out of range
     */
    static RidgeChoice parse(String option, String text) {
        int colon = text.indexOf(':');
        String word = colon < 0 ? text : text.substring(0, colon);
        String value = text.substring(colon + 1);
        return switch (word) {
            case "loo" -> new LeaveOneOut();
            case "relative" -> new Relative(number(option, text, value));
            case "cv" -> {
                double folds = number(option, text, value);
                if (folds != Math.rint(folds) || folds < 2 || folds > Integer.MAX_VALUE) {
                    throw bad(option, text);
                }
                yield new CrossValidation((int) folds);
            }
            case "validation" -> {
                double share = number(option, text, value);
                if (share <= 0 || share >= 1) {
                    throw bad(option, text);
                }
                yield new HeldOut(share);
            }
            default -> new Fixed(number(option, text, text));
        };
    }

    private static double number(String option, String text, String value) {
        try {
            double number = Double.parseDouble(value);
            if (number >= 0 && Double.isFinite(number)) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw bad(option, text);
        }
        throw bad(option, text);
    }

    private static InputException bad(String option, String text) {
        return new InputException(
                option + " is " + text
                        + ", expected a finite number from 0 up, relative:R, loo, cv:FOLDS (2 or more) or validation:SHARE (0 to 1)");
    }

    /** A ridge that does not depend on the targets, in units of a kernel with that mean diagonal. */
    static double fixed(String option, RidgeChoice choice, double meanDiagonal) {
        return switch (choice) {
            case Fixed(double ridge) -> ridge;
            case Relative(double factor) -> factor * meanDiagonal;
            case LeaveOneOut _, CrossValidation _, HeldOut _ ->
                throw new InputException(option + " takes a number or relative:R here\nhint: cntk fit chooses a ridge");
        };
    }

    /** The images to be left out together, fold by fold; empty where none are. */
    default List<int[]> folds(int images, Labels labels, long seed) {
        return switch (this) {
            case Fixed _, Relative _, LeaveOneOut _ -> List.of();
            case CrossValidation(int folds) -> {
                if (folds > images) {
                    throw new InputException("--ridge asks for " + folds + " folds of " + images + " images");
                }
                yield new Folds(images, labels, seed).split(folds);
            }
            case HeldOut(double share) -> {
                int count = Math.clamp(Math.round(share * images), 1, Math.max(1, images - 1));
                yield List.of(new Folds(images, labels, seed).draw(count));
            }
        };
    }
}
