package cntk.backend.cuda;

import cntk.backend.SelfKernels;
import cntk.dataset.FlippedImages;
import cntk.dataset.ImageSet;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** The images of one set on the host, shared by all devices: which are equal, and what is known of each with itself. */
final class SourceImages {
    private final ImageSet images;
    private final int[] numbers;
    private final AtomicReferenceArray<SelfKernels> selfKernels;
    private final @Nullable SourceImages mirrored;

    private SourceImages(ImageSet images, int[] numbers, @Nullable SourceImages mirrored) {
        this.images = images;
        this.numbers = numbers;
        this.selfKernels = new AtomicReferenceArray<>(images.count());
        this.mirrored = mirrored;
    }

    /** @param mirrored whether the mirror images are wanted, too */
    static SourceImages of(ImageSet images, ImageNumbers numbers, boolean mirrored) {
        SourceImages other = mirrored ? of(FlippedImages.of(images), numbers, false) : null;
        return new SourceImages(images, numbers.of(images), other);
    }

    ImageSet images() {
        return images;
    }

    int count() {
        return images.count();
    }

    /** Equal for images that are equal in every value. */
    int number(int image) {
        return numbers[image];
    }

    /** The mirror images, in the same order. */
    SourceImages mirrored() {
        if (mirrored == null) {
            throw new IllegalStateException("the mirror images of " + images.name() + " were not asked for");
        }
        return mirrored;
    }

    @Nullable
    SelfKernels selfKernels(int image) {
        return selfKernels.get(image);
    }

    void keep(int image, SelfKernels known) {
        selfKernels.set(image, known);
    }
}
