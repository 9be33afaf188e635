// The other non-linearities, in double in both builds: they are rare, and some of them cancel. src/docs/maths.md, eq. 23 to 29.
// Oracle: maths/DualActivation.java, record by record.
#pragma once
#include "device.cuh"
#include "program.cuh"

constexpr double kPi = 3.141592653589793;

struct Moments {
    double covariance, slope;  // E[phi(u) phi(v)], E[phi'(u) phi'(v)]
};

/** k1(c) and k0(c) for c = covariance / scale, c := 0 where scale = 0. */
DEVICE Moments arc_cosine(double covariance, double scale, bool self) {
    const double c = self ? 1.0 : scale > 0.0 ? fmin(fmax(covariance / scale, -1.0), 1.0) : 0.0;
    const double rest = kPi - acos(c);
    return {(sqrt((1 - c) * (1 + c)) + c * rest) / kPi, rest / kPi};
}

/** q q' - K^2, at least 0. */
DEVICE double remainder_of(double covariance, double scale) {
    return fmax(0.0, (scale - covariance) * (scale + covariance));
}

DEVICE Moments leaky(double covariance, double scale, double a, bool self) {
    const Moments k = arc_cosine(covariance, scale, self);
    const double weight = (1 - a) * (1 - a) / 2;
    return {weight * scale * k.covariance + a * covariance, a + weight * k.slope};
}

DEVICE Moments erf_moments(double covariance, double q, double other_q, double scale) {
    const double root = sqrt(1 + 2 * (q + other_q) + 4 * remainder_of(covariance, scale));
    return {2 / kPi * atan2(2 * covariance, root), 4 / kPi / root};
}

DEVICE Moments gelu(double covariance, double q, double other_q, double scale) {
    const double rest = remainder_of(covariance, scale);
    const double determinant = 1 + (q + other_q) + rest;
    const double delta = sqrt(determinant);
    const double both_positive = 0.25 + atan2(covariance, delta) / (2 * kPi);
    const double inverses = 1 / (1 + q) + 1 / (1 + other_q);
    return {(rest + covariance * covariance * inverses) / (2 * kPi * delta) + covariance * both_positive,
            both_positive + covariance * (inverses + 1 / determinant) / (2 * kPi * delta)};
}

DEVICE Moments sine(double covariance, double q, double other_q) {
    const double mean = (q + other_q) / 2;
    const double plus = exp(covariance - mean), minus = exp(-covariance - mean);
    const double difference = fabs(covariance) < 1 ? exp(-mean) * sinh(covariance) : (plus - minus) / 2;
    return {difference, (plus + minus) / 2};
}

/** Both moments for standard deviations la and lb (K = covariance); slope is 0 where no derivative is known. */
DEVICE Moments dual_activation(int function, double parameter, double covariance, double la, double lb,
                               bool self) {
    const double q = la * la, other_q = lb * lb, scale = la * lb;
    switch (function) {
        case kLeaky:
            return leaky(covariance, scale, parameter, self);
        case kErf:
            return erf_moments(covariance, q, other_q, scale);
        case kGelu:
            return gelu(covariance, q, other_q, scale);
        case kSin:
            return sine(covariance, q, other_q);
        case kRbf: {
            const double k = exp(-parameter * fmax(0.0, q + other_q - 2 * covariance));
            return {k, 2 * parameter * k};
        }
        case kGaussian: {
            const double c = self ? 1.0 : scale > 0.0 ? fmin(fmax(covariance / scale, -1.0), 1.0) : 0.0;
            return {scale * exp(parameter * (c - 1)), 0};
        }
        default:
            return {scale > 0.0 ? arc_cosine(covariance, scale, self).covariance : 0.0, 0};
    }
}
