package cntk.dataset;

import java.util.OptionalInt;

/**
 * Training and test images of a data set as bytes, whole.
 *
 * @param train also what a {@link Normalization} learns from
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
     * Normalises with what the whole training split says, then takes the first images of each split in file order.
     *
     * @param trainCount empty for all
     * @param testCount empty for all
     * @throws InputException if there are not that many images
     */
    public DataSplit prepare(Normalization normalization, OptionalInt trainCount, OptionalInt testCount) {
        ByteImages trainPart = train.first(trainCount.orElse(train.count()));
        ByteImages testPart = test.first(testCount.orElse(test.count()));
        Normalization.Fitted fitted = normalization.fit(train);
        return new DataSplit(images(trainPart, fitted), images(testPart, fitted));
    }

    private static ImageSet images(ByteImages bytes, Normalization.Fitted fitted) {
        Sha256 hash = new Sha256().text("normalisation " + fitted.text() + "\n");
        bytes.feed(hash);
        ImageSet.Pixels pixels = (index, out) -> fitted.transform().apply(bytes, index, out);
        return new ImageSet(bytes.name(), bytes.shape(), bytes.count(), pixels, bytes.labels(), hash.hex());
    }
}
