#include "dense.h"

#include <algorithm>
#include <cmath>

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

}  // namespace vgpu
