package cntk.backend.cpu;

import cntk.backend.SelfKernels;
import cntk.dataset.ImageSet;
import cntk.plan.PlaneProgram;
import cntk.plan.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The factors of the images of one set, computed when first asked for and kept. Two threads may compute the same image, to
 * the same bits. Where a set does not fit the bound, nothing is kept and every tile computes the factors of its images.
 */
final class FactorCache {
    /** Computes the kernels of an image with itself. */
    @FunctionalInterface
    interface SelfPair {
        SelfKernels of(ImageFactors factors, double[] values);
    }

    private final ImageSet images;
    private final PlaneProgram program;
    private final Precision precision;
    private final AtomicReferenceArray<ImageFactors> factors;
    private final AtomicReferenceArray<SelfKernels> selfKernels;
    private final boolean keeps;

    FactorCache(ImageSet images, PlaneProgram program, Precision precision, long mostBytes) {
        this.images = images;
        this.program = program;
        this.precision = precision;
        this.factors = new AtomicReferenceArray<>(images.count());
        this.selfKernels = new AtomicReferenceArray<>(images.count());
        long bytes = ImageFactors.bytes(program, precision) * images.count();
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
        return program.segments().size() == 1 ? alone(image, values) : withNeighbours(image);
    }

    private ImageFactors alone(int image, double[] values) {
        ImageFactors made = ImageFactors.of(program, precision, values);
        if (keeps) {
            factors.set(image, made);
        }
        return made;
    }

    /** Self pairs go a batch at a time. */
    private ImageFactors withNeighbours(int image) {
        int begin = image / SelfPairs.batch() * SelfPairs.batch();
        int end = Math.min(images.count(), begin + SelfPairs.batch());
        List<double[]> batch = new ArrayList<>();
        for (int index = begin; index < end; index++) {
            batch.add(values(index));
        }
        List<ImageFactors> made = new SelfPairs(program, precision).of(batch);
        for (int index = begin; index < end; index++) {
            factors.set(index, made.get(index - begin));
        }
        return made.get(image - begin);
    }

    SelfKernels selfKernels(int image, SelfPair self) {
        SelfKernels known = selfKernels.get(image);
        if (known != null) {
            return known;
        }
        double[] values = values(image);
        SelfKernels made = self.of(factors(image, values), values);
        selfKernels.set(image, made);
        return made;
    }
}
