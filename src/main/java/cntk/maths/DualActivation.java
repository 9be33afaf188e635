package cntk.maths;

import cntk.arch.Layer;

/**
 * What a non-linearity phi does to the kernels: with u, v Gaussian of variances q, q' and covariance K, the closed forms of
 * E[phi(u) phi(v)] and E[phi'(u) phi'(v)] in double precision; maths.md eq. 22 to 29.
 *
 * <p>Symmetric in q and q'. For K = q = q' the first is the variance behind the non-linearity.
 */
public interface DualActivation {
    /** E[phi(u) phi(v)], the covariance behind the non-linearity. */
    double nngp(double covariance, double q, double otherQ);

    /** E[phi'(u) phi'(v)], by which T is multiplied; NaN where no such kernel is known ({@link Layer.Nonlinearity#hasTangent}). */
    double slope(double covariance, double q, double otherQ);

    /** K and T behind the non-linearity, both moments at once; maths.md eq. 22. */
    default KernelPair apply(KernelPair before, double q, double otherQ) {
        return new KernelPair(nngp(before.nngp(), q, otherQ), before.ntk() * slope(before.nngp(), q, otherQ));
    }

    /** The closed forms of a layer. */
    static DualActivation of(Layer.Nonlinearity layer) {
        return switch (layer) {
            case Layer.Relu() -> new Leaky(0);
            case Layer.LeakyRelu(double a) -> new Leaky(a);
            case Layer.Abs() -> new Leaky(-1);
            case Layer.Erf() -> new Erf();
            case Layer.Gelu() -> new Gelu();
            case Layer.Sin() -> new Sin();
            case Layer.Rbf(double gamma) -> new Rbf(gamma);
            case Layer.Identity() -> new Identity();
            case Layer.Gaussian(double gamma) -> new NormalisedGaussian(gamma);
            case Layer.ReluProject() -> new ReluProjection();
        };
    }

    /** x above 0 and a x below; a = 0 is the ReLU; eq. 5 to 7 and 23. */
    record Leaky(double a) implements DualActivation {
        @Override
        public double nngp(double covariance, double q, double otherQ) {
            double scale = ArcCosine.scale(q, otherQ);
            double c = ArcCosine.correlation(covariance, scale);
            return nngp(covariance, scale * ArcCosine.k1(c));
        }

        @Override
        public double slope(double covariance, double q, double otherQ) {
            double c = ArcCosine.correlation(covariance, ArcCosine.scale(q, otherQ));
            return slope(ArcCosine.k0(c));
        }

        /** The same with one arc cosine for both. */
        @Override
        public KernelPair apply(KernelPair before, double q, double otherQ) {
            double scale = ArcCosine.scale(q, otherQ);
            double c = ArcCosine.correlation(before.nngp(), scale);
            double k0 = ArcCosine.k0(c);
            return new KernelPair(nngp(before.nngp(), scale * ArcCosine.k1(c, k0)), before.ntk() * slope(k0));
        }

        private double nngp(double covariance, double scaledK1) {
            double relu = scaledK1 / 2;
            return a == 0 ? relu : (1 - a) * (1 - a) * relu + a * covariance;
        }

        private double slope(double k0) {
            return a + (1 - a) * (1 - a) * (k0 / 2);
        }
    }

    /** eq. 24. */
    record Erf() implements DualActivation {
        @Override
        public double nngp(double covariance, double q, double otherQ) {
            return 2 / Math.PI * Math.atan2(2 * covariance, Math.sqrt(determinant(covariance, q, otherQ)));
        }

        @Override
        public double slope(double covariance, double q, double otherQ) {
            return 4 / Math.PI / Math.sqrt(determinant(covariance, q, otherQ));
        }

        /** (1 + 2q)(1 + 2q') - 4K^2 without its cancellation. */
        private static double determinant(double covariance, double q, double otherQ) {
            return 1 + 2 * (q + otherQ) + 4 * remainder(covariance, q, otherQ);
        }
    }

    /** eq. 25. */
    record Gelu() implements DualActivation {
        @Override
        public double nngp(double covariance, double q, double otherQ) {
            double remainder = remainder(covariance, q, otherQ);
            double delta = Math.sqrt(1 + (q + otherQ) + remainder);
            double inner = remainder + covariance * covariance * (1 / (1 + q) + 1 / (1 + otherQ));
            return inner / (2 * Math.PI * delta) + covariance * bothPositive(covariance, delta);
        }

        @Override
        public double slope(double covariance, double q, double otherQ) {
            double determinant = 1 + (q + otherQ) + remainder(covariance, q, otherQ);
            double delta = Math.sqrt(determinant);
            double factor = 1 / (1 + q) + 1 / (1 + otherQ) + 1 / determinant;
            return bothPositive(covariance, delta) + covariance * factor / (2 * Math.PI * delta);
        }

        /** E[Phi(u) Phi(v)]. */
        private static double bothPositive(double covariance, double delta) {
            return 0.25 + Math.atan2(covariance, delta) / (2 * Math.PI);
        }
    }

    /** eq. 26. */
    record Sin() implements DualActivation {
        @Override
        public double nngp(double covariance, double q, double otherQ) {
            double mean = (q + otherQ) / 2;
            return Math.abs(covariance) < 1 // the difference below would lose digits
                    ? Math.exp(-mean) * Math.sinh(covariance)
                    : (Math.exp(covariance - mean) - Math.exp(-covariance - mean)) / 2;
        }

        @Override
        public double slope(double covariance, double q, double otherQ) {
            double mean = (q + otherQ) / 2;
            return (Math.exp(covariance - mean) + Math.exp(-covariance - mean)) / 2;
        }
    }

    /** eq. 27. */
    record Rbf(double gamma) implements DualActivation {
        @Override
        public double nngp(double covariance, double q, double otherQ) {
            return Math.exp(-gamma * Math.max(0, q + otherQ - 2 * covariance));
        }

        @Override
        public double slope(double covariance, double q, double otherQ) {
            return 2 * gamma * nngp(covariance, q, otherQ);
        }
    }

    /** x itself. */
    record Identity() implements DualActivation {
        @Override
        public double nngp(double covariance, double q, double otherQ) {
            return covariance;
        }

        @Override
        public double slope(double covariance, double q, double otherQ) {
            return 1;
        }
    }

    /** eq. 28. */
    record NormalisedGaussian(double gamma) implements DualActivation {
        @Override
        public double nngp(double covariance, double q, double otherQ) {
            double scale = ArcCosine.scale(q, otherQ);
            return scale * Math.exp(gamma * (ArcCosine.correlation(covariance, scale) - 1));
        }

        @Override
        public double slope(double covariance, double q, double otherQ) {
            return Double.NaN;
        }
    }

    /** eq. 29. */
    record ReluProjection() implements DualActivation {
        @Override
        public double nngp(double covariance, double q, double otherQ) {
            double scale = ArcCosine.scale(q, otherQ);
            return scale == 0 ? 0 : ArcCosine.k1(ArcCosine.correlation(covariance, scale));
        }

        @Override
        public double slope(double covariance, double q, double otherQ) {
            return Double.NaN;
        }
    }

    /** q q' - K^2, at least 0 (rounding alone can push it below). */
    private static double remainder(double covariance, double q, double otherQ) {
        double scale = ArcCosine.scale(q, otherQ);
        return Math.max(0, (scale - covariance) * (scale + covariance));
    }
}
