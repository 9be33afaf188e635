package cntk.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.List;
import org.junit.jupiter.api.Test;

class ImageSetTest {
    private static final ImageShape SHAPE = new ImageShape(1, 1, 2);

    @Test
    void aSetOfValuesKeepsItsOwnCopy() {
        double[][] images = {{1, 2}, {3, 4}};
        ImageSet set = ImageSet.ofValues("two", SHAPE, images);
        images[1][0] = 9;
        double[] out = new double[2];
        set.read(1, out);
        assertThat(out).containsExactly(3, 4);
        assertThat(set.labels().known()).isFalse();
    }

    @Test
    void theHashTellsValuesAndShapesApart() {
        String hash = ImageSet.ofValues("a", SHAPE, new double[][] {{1, 2}}).sha256();
        assertThat(ImageSet.ofValues("b", SHAPE, new double[][] {{1, 2}}).sha256())
                .isEqualTo(hash);
        assertThat(ImageSet.ofValues("a", SHAPE, new double[][] {{1, Math.nextUp(2)}})
                        .sha256())
                .isNotEqualTo(hash);
        assertThat(ImageSet.ofValues("a", new ImageShape(2, 1, 1), new double[][] {{1, 2}})
                        .sha256())
                .isNotEqualTo(hash);
    }

    @Test
    void imagesOfAnotherLengthAndEmptySetsAreRefused() {
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> ImageSet.ofValues("a", SHAPE, new double[][] {{1, 2}, {3}}))
                .withMessage("image 1 of a has 1 values but the shape 1x1x2 asks for 2");
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> ImageSet.ofValues("a", SHAPE, new double[0][]))
                .withMessage("a has no images");
    }

    @Test
    void anImageOutsideOfTheSetIsAProgrammingError() {
        ImageSet set = ImageSet.ofValues("one", SHAPE, new double[][] {{1, 2}});
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> set.read(1, new double[2]));
    }

    @Test
    void aLabelOutsideOfTheClassesIsRefused() {
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> new Labels(new int[] {0, 2}, List.of("a", "b")))
                .withMessage("label 2 of image 1 is outside 0..1");
    }
}
