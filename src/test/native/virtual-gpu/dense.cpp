#include "dense.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace vgpu {
namespace {

constexpr int64_t kBlock = 64;

// C -= A B^T on rows x columns, all with one stride; the inner loop runs down a column.
void subtract_product(int64_t rows, int64_t columns, int64_t inner, const double* a, const double* b,
                      double* c, int64_t stride) {
    for (int64_t j = 0; j < columns; j++) {
        for (int64_t k = 0; k < inner; k++) {
            const double factor = b[j + k * stride];
            for (int64_t i = 0; i < rows; i++) c[i + j * stride] -= a[i + k * stride] * factor;
        }
    }
}

// The columns [first, first + width) of the factor, all rows below `first` updated for the columns before.
int64_t factor_panel(int64_t n, int64_t first, int64_t width, double* a, int64_t stride) {
    for (int64_t j = first; j < first + width; j++) {
        for (int64_t k = first; k < j; k++) {
            for (int64_t i = j; i < n; i++) a[i + j * stride] -= a[i + k * stride] * a[j + k * stride];
        }
        const double pivot = a[j + j * stride];
        if (!(pivot > 0)) return j + 1;
        const double root = std::sqrt(pivot);
        for (int64_t i = j; i < n; i++) a[i + j * stride] /= root;
    }
    return 0;
}

}  // namespace

int64_t cholesky(int64_t n, double* a, int64_t stride) {
    for (int64_t first = 0; first < n; first += kBlock) {
        const int64_t width = std::min(kBlock, n - first);
        if (const int64_t minor = factor_panel(n, first, width, a, stride)) return minor;
        const double* panel = a + first * stride;
        for (int64_t next = first + width; next < n; next += kBlock) {
            const int64_t columns = std::min(kBlock, n - next);
            subtract_product(n - next, columns, width, panel + next, panel + next, a + next + next * stride,
                             stride);
        }
    }
    return 0;
}

void cholesky_solve(int64_t n, int64_t columns, const double* l, int64_t l_stride, double* b,
                    int64_t b_stride) {
    for (int64_t c = 0; c < columns; c++) {
        double* x = b + c * b_stride;
        for (int64_t j = 0; j < n; j++) {
            x[j] /= l[j + j * l_stride];
            for (int64_t i = j + 1; i < n; i++) x[i] -= l[i + j * l_stride] * x[j];
        }
        for (int64_t j = n - 1; j >= 0; j--) {
            double sum = x[j];
            for (int64_t i = j + 1; i < n; i++) sum -= l[i + j * l_stride] * x[i];
            x[j] = sum / l[j + j * l_stride];
        }
    }
}

namespace {

constexpr int kMostSweeps = 50;

// Columns p and q of m (n rows, no gaps) turned by the angle whose cosine and sine are given.
void turn_columns(int64_t n, double* m, int64_t p, int64_t q, double cosine, double sine) {
    for (int64_t i = 0; i < n; i++) {
        const double at_p = m[i + p * n], at_q = m[i + q * n];
        m[i + p * n] = cosine * at_p - sine * at_q;
        m[i + q * n] = sine * at_p + cosine * at_q;
    }
}

void turn_rows(int64_t n, double* m, int64_t p, int64_t q, double cosine, double sine) {
    for (int64_t j = 0; j < n; j++) {
        const double at_p = m[p + j * n], at_q = m[q + j * n];
        m[p + j * n] = cosine * at_p - sine * at_q;
        m[q + j * n] = sine * at_p + cosine * at_q;
    }
}

// One rotation for every pair of columns; false if none was needed.
bool sweep(int64_t n, std::vector<double>& m, std::vector<double>& vectors) {
    bool turned = false;
    for (int64_t p = 0; p < n; p++) {
        for (int64_t q = p + 1; q < n; q++) {
            const double off = m[p + q * n], low = m[p + p * n], high = m[q + q * n];
            if (std::fabs(off) <= std::numeric_limits<double>::epsilon() * 0.5 *
                                      std::sqrt(std::fabs(low) * std::fabs(high)) ||
                off == 0) {
                continue;
            }
            const double theta = (high - low) / (2 * off);
            const double tangent = std::copysign(1 / (std::fabs(theta) + std::hypot(theta, 1)), theta);
            const double cosine = 1 / std::hypot(tangent, 1), sine = tangent * cosine;
            turn_columns(n, m.data(), p, q, cosine, sine);
            turn_rows(n, m.data(), p, q, cosine, sine);
            m[p + q * n] = m[q + p * n] = 0;
            turn_columns(n, vectors.data(), p, q, cosine, sine);
            turned = true;
        }
    }
    return turned;
}

}  // namespace

bool eigen(int64_t n, double* a, int64_t stride, double* values) {
    std::vector<double> m(n * n), vectors(n * n, 0.0);
    for (int64_t j = 0; j < n; j++) {
        vectors[j + j * n] = 1;
        for (int64_t i = j; i < n; i++) m[i + j * n] = m[j + i * n] = a[i + j * stride];
    }
    int sweeps = 0;
    while (sweep(n, m, vectors)) {
        if (++sweeps == kMostSweeps) return false;
    }
    std::vector<int64_t> order(n);
    std::iota(order.begin(), order.end(), int64_t{0});
    std::sort(order.begin(), order.end(), [&](int64_t x, int64_t y) { return m[x + x * n] < m[y + y * n]; });
    for (int64_t j = 0; j < n; j++) {
        values[j] = m[order[j] * (n + 1)];
        std::copy_n(vectors.begin() + order[j] * n, n, a + j * stride);
    }
    return true;
}

}  // namespace vgpu
