package cntk.dataset;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.solve.ZcaWhitening;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.OptionalInt;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Images as they are sent to other machines. */
class SentImagesTest {
    private static final int IMAGES = 40;

    @ParameterizedTest
    @EnumSource(Normalization.class)
    void arriveWithTheSameBitsLabelsAndHash(Normalization normalization) throws Exception {
        RawSplit raw = Cifar10.sample();
        ImageSet images = raw.prepare(
                        new Preprocessing(normalization, Preprocessing.DEFAULT_ZCA_EPS, Augmentation.FLIP),
                        OptionalInt.of(IMAGES / 2),
                        OptionalInt.of(1),
                        new ZcaWhitening())
                .train();
        byte[] sent = bytes(images);
        ImageSet arrived = images(sent);
        double[] before = new double[images.shape().values()];
        double[] after = before.clone();
        for (int image = 0; image < IMAGES; image++) {
            images.read(image, before);
            arrived.read(image, after);
            assertThat(after).isEqualTo(before);
            assertThat(arrived.labels().of(image)).isEqualTo(images.labels().of(image));
        }
        assertThat(arrived.sha256()).isEqualTo(images.sha256());
        assertThat(arrived.shape()).isEqualTo(images.shape());
        int perValue = normalization == Normalization.ZCA ? Float.BYTES : Byte.BYTES;
        assertThat(sent.length)
                .as("bytes stay bytes")
                .isLessThan(IMAGES * images.shape().values() * perValue + 20_000);
    }

    private static byte[] bytes(ImageSet images) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(images);
        }
        return bytes.toByteArray();
    }

    private static ImageSet images(byte[] bytes) throws IOException, ClassNotFoundException {
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
            return (ImageSet) in.readObject();
        }
    }
}
