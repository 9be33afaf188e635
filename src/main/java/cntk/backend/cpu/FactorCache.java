package cntk.backend.cpu;

import cntk.dataset.ImageSet;
import cntk.plan.PlaneProgram;
import cntk.plan.Precision;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The factors of the images of one set, computed when first asked for and kept. Two threads may compute the same image, to
 * the same bits. Where a set does not fit the bound, nothing is kept and every tile computes the factors of its images.
 */
final class FactorCache {
    static final double[] NONE = {};

    /** Computes the variances of an image in the head from its factors and values. */
    @FunctionalInterface
    interface SelfPair {
        double[] variances(ImageFactors factors, double[] values);
    }

    private final ImageSet images;
    private final PlaneProgram program;
    private final Precision precision;
    private final AtomicReferenceArray<ImageFactors> factors;
    private final AtomicReferenceArray<double[]> headVariances;
    private final boolean keeps;

    FactorCache(ImageSet images, PlaneProgram program, Precision precision, long mostBytes) {
        this.images = images;
        this.program = program;
        this.precision = precision;
        this.factors = new AtomicReferenceArray<>(images.count());
        this.headVariances = new AtomicReferenceArray<>(images.count());
        long bytes = ImageFactors.bytes(program, precision, images.shape().pixels()) * images.count();
        this.keeps = bytes <= mostBytes;
    }

    ImageSet images() {
        return images;
    }

    /** The C H W preprocessed values of an image. */
    double[] values(int image) {
        double[] values = new double[images.shape().values()];
        images.read(image, values);
        return values;
    }

    /** @param values of this image */
    ImageFactors factors(int image, double[] values) {
        ImageFactors known = factors.get(image);
        if (known != null) {
            return known;
        }
        ImageFactors made = ImageFactors.of(
                program, precision, images.shape().height(), images.shape().width(), values);
        if (keeps) {
            factors.set(image, made);
        }
        return made;
    }

    double[] headVariances(int image, SelfPair self) {
        double[] known = headVariances.get(image);
        if (known != null) {
            return known;
        }
        double[] values = values(image);
        double[] made = self.variances(factors(image, values), values);
        headVariances.set(image, made);
        return made;
    }
}
