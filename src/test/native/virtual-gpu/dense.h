// Dense linear algebra on column-major matrices of doubles, lower triangles; plain loops.
#pragma once

#include <cstdint>

namespace vgpu {

// A = L L^T in place. Returns 0, or the order of the first leading minor that is not positive definite.
int64_t cholesky(int64_t n, double* a, int64_t stride);

// X = (L L^T)^-1 B in place of B, n x columns.
void cholesky_solve(int64_t n, int64_t columns, const double* l, int64_t l_stride, double* b,
                    int64_t b_stride);

// A = V diag(e) V^T by Jacobi's rotations, n x n; V in place of A, e ascending. False if they do not come to an end.
bool eigen(int64_t n, double* a, int64_t stride, double* values);

}  // namespace vgpu
