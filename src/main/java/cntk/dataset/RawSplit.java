package cntk.dataset;

import java.util.OptionalInt;

/**
 * Training and test images of a data set as bytes, whole.
 *
 * @param train also what {@link Normalization#STANDARD} learns from, all of it
 * @param test images of the same shape and classes
 */
public record RawSplit(ByteImages train, ByteImages test) {
    public RawSplit {
        if (!train.shape().equals(test.shape())) {
            throw new InputException(train.name() + " has images of shape " + train.shape() + " but " + test.name()
                    + " has " + test.shape());
        }
    }

    /**
     * Takes the first images of each split in file order, augments the training images, and normalises.
     *
     * @param trainCount images of the data set, before augmentation; empty for all
     * @param testCount empty for all
     * @param whitening asked only for {@link Normalization#ZCA}
     * @throws InputException if there are not that many images
     */
    public DataSplit prepare(
            Preprocessing preprocessing, OptionalInt trainCount, OptionalInt testCount, Whitening whitening) {
        ByteImages trainPart = preprocessing.augmentation().apply(train.first(trainCount.orElse(train.count())));
        ByteImages testPart = test.first(testCount.orElse(test.count()));
        Normalization.Fitted fitted = preprocessing.normalization().fit(train);
        DataSplit split = new DataSplit(images(trainPart, fitted), images(testPart, fitted));
        return preprocessing.normalization() == Normalization.ZCA
                ? Zca.whiten(split, preprocessing.zcaEps(), whitening)
                : split;
    }

    private static ImageSet images(ByteImages bytes, Normalization.Fitted fitted) {
        Sha256 hash = new Sha256().text("normalisation " + fitted.text() + "\n");
        bytes.feed(hash);
        ImageSet.Pixels pixels = (index, out) -> fitted.transform().apply(bytes, index, out);
        return new ImageSet(bytes.name(), bytes.shape(), bytes.count(), pixels, bytes.labels(), hash.hex());
    }
}
