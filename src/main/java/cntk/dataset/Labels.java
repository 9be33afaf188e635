package cntk.dataset;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;

/** Class labels 0..classes-1, one per image, and the names of the classes. */
public final class Labels implements Serializable {
    /** No labels: the images of an {@code .npy} file. */
    public static final Labels NONE = new Labels(new int[0], List.of());

    private final int[] values;
    private final List<String> classNames;

    public Labels(int[] values, List<String> classNames) {
        this.values = values.clone();
        this.classNames = List.copyOf(classNames);
        for (int index = 0; index < values.length; index++) {
            if (values[index] < 0 || values[index] >= classNames.size()) {
                throw new InputException(
                        "label " + values[index] + " of image " + index + " is outside 0.." + (classNames.size() - 1));
            }
        }
    }

    public boolean known() {
        return values.length > 0;
    }

    public int count() {
        return values.length;
    }

    public int classes() {
        return classNames.size();
    }

    public List<String> classNames() {
        return classNames;
    }

    public int of(int image) {
        return values[image];
    }

    /** The number of images of one class. */
    public int count(int label) {
        int count = 0;
        for (int value : values) {
            count += value == label ? 1 : 0;
        }
        return count;
    }

    public Labels first(int count) {
        return known() ? new Labels(Arrays.copyOf(values, count), classNames) : NONE;
    }

    /** These labels, then the same again. */
    Labels twice() {
        int[] both = Arrays.copyOf(values, 2 * values.length);
        System.arraycopy(values, 0, both, values.length, values.length);
        return new Labels(both, classNames);
    }
}
