package cntk.dataset;

/**
 * The linear algebra of ZCA whitening, for whoever has a library for it: this package has none.
 *
 * <p>With the images as columns of X (D x n) and C = X X^T / n, nothing subtracted, the map is W = (C + eps I)^(-1/2): the
 * symmetric one.
 */
@FunctionalInterface
public interface Whitening {
    /**
     * Finds W.
     *
     * @param images what C is made of
     * @param eps above zero
     */
    LinearMap fit(ImageSet images, double eps);

    /** W; may hold memory outside the heap until it is closed. */
    interface LinearMap extends AutoCloseable {
        /** Replaces every image x of D values by W x. */
        void apply(double[][] images);

        @Override
        void close();
    }
}
