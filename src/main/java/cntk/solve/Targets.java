package cntk.solve;

import cntk.dataset.Labels;

/** Regression targets of a classification. */
public final class Targets {
    private Targets() {}

    /** n x classes: 1 - 1/classes in the column of the label, -1/classes elsewhere (CIFAR-10: 0.9 and -0.1). */
    public static NativeMatrix oneHotCentred(Labels labels) {
        if (!labels.known()) {
            throw new IllegalArgumentException("targets need labels");
        }
        int classes = labels.classes();
        NativeMatrix targets = NativeMatrix.zeros(labels.count(), classes);
        for (int image = 0; image < labels.count(); image++) {
            for (int c = 0; c < classes; c++) {
                targets.set(image, c, (labels.of(image) == c ? 1.0 : 0.0) - 1.0 / classes);
            }
        }
        return targets;
    }

    /** n x outputs: the rows of a regression as they are. */
    public static NativeMatrix of(double[][] rows) {
        NativeMatrix targets = NativeMatrix.zeros(rows.length, rows[0].length);
        for (int image = 0; image < rows.length; image++) {
            for (int output = 0; output < rows[image].length; output++) {
                targets.set(image, output, rows[image][output]);
            }
        }
        return targets;
    }
}
