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
}
