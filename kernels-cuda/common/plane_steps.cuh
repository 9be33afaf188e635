// Runs the steps of a segment on one displacement plane, which the threads of a block (of one threadIdx.z) share: thread
// (x, y) owns column x of rows y, y + blockDim.y, ... blockDim.x is the width of the plane. Threads meet at barriers only
// around window sums and readouts; all planes of a block take the same steps, so that every barrier is reached by all.
//
// Maths     src/docs/maths.md, eq. 13 to 16, 22 to 32
// Oracle    maths/CntkRecursion.java; the same steps in Java: backend/cpu/PlaneSweep.java and TraceRecursion.java
#pragma once
#include "device.cuh"
#include "dual_activations.cuh"
#include "plane_index.cuh"
#include "program.cuh"
#include "relu_moments.cuh"

constexpr int kMaxThreads = 256;
constexpr int kStrands = 16;  // a readout adds up this many strands side by side, then the strands

/**
 * A plane and where it stands. kTrace: plane (0,0) of an image with itself, where every c is 1; standard deviations are
 * written instead of read.
 */
template <class Real, bool kTrace>
struct PlaneSweep {
    using Cell = State<Real>;

    const PlaneSegment* segment;
    int a, b;                   // displacement
    bool self;                  // c = 1 throughout
    bool live;                  // false: computed along, to reach the barriers; writes nothing outside
    const Real *mine, *theirs;  // records of the images
    Real* deviations;           // kTrace: the same record, for writing
    Cell* arena;                // of this pair
    int plane;                  // rank of the plane in the segment
    Cell *cells, *sums, *saved;
    const double* weights;
    double2* partials;  // of this pair: [readout][plane]

    __device__ int entry(int i) const { return i * segment->width + threadIdx.x; }

    __device__ int pixels() const { return segment->height * segment->width; }

    /** Pixel of image b that meets pixel (i, this thread's column) of image a. */
    __device__ int other(int i) const {
        return partner(i, a, segment->height) * segment->width + partner(threadIdx.x, b, segment->width);
    }

    __device__ void run(const PlaneStep* steps) {
        for (int at = 0; at < segment->steps; at++) {
            const PlaneStep step = steps[at];
            switch (step.op) {
                case kConvolve:
                    vertical_sums(step.kind, step.flags & kCircular);
                    horizontal_sums(step);
                    break;
                case kRead:
                    if constexpr (!kTrace) {
                        read_out(step);
                    }
                    break;
                default:
#pragma unroll 1  // unrolled, the switch takes registers that then spill
                    for (int i = threadIdx.y; i < segment->height; i += blockDim.y) {
                        pointwise(step, i);
                    }
            }
        }
    }

    /** Steps in which every entry stays alone. */
    __device__ void pointwise(const PlaneStep& step, int i) {
        const int e = entry(i);
        const Cell x = cells[e];
        switch (step.op) {
            case kInput:
                cells[e] = input(step, i);
                break;
            case kRelu:
                cells[e] = relu(step, i, x.x, x.y - x.x);
                break;
            case kNonlinear:
                cells[e] = nonlinear(step, i, x.x, x.y - x.x);
                break;
            case kScale:
                cells[e] = state<Real>(x.x * Real(step.x), x.y * Real(step.x));
                break;
            case kLoad:
                cells[e] = arena[step.offset + (long long)plane * pixels() + e];
                break;
            case kSend:
                if (live) {
                    arena[step.offset + (long long)plane * pixels() + e] = x;
                }
                break;
            case kSave:
                saved[step.kind * pixels() + e] = x;
                break;
            case kRestore:
                cells[e] = saved[step.kind * pixels() + e];
                break;
            case kAddSaved: {
                const Cell aside = saved[step.kind * pixels() + e];
                cells[e] = state<Real>(fused(Real(step.x), aside.x, x.x), fused(Real(step.x), aside.y, x.y));
                break;
            }
            default:
                break;
        }
    }

    __device__ Cell input(const PlaneStep& step, int i) const {
        Real sum = 0;
        const Real *x = mine + step.offset + entry(i), *y = theirs + step.offset + other(i);
#pragma unroll 1
        for (int channel = 0; channel < step.kind; channel++) {
            sum = fused(x[(long long)channel * pixels()], y[(long long)channel * pixels()], sum);
        }
        return state<Real>(sum, step.flags & kTangent ? sum : Real(0));
    }

    /** sums <- sums of 2 radius + 1 rows; the middle first, then -1, +1, -2, ... */
    __device__ void vertical_sums(int radius, bool circular) {
        __syncthreads();  // cells are complete, and nobody reads sums any more
        for (int i = threadIdx.y; i < segment->height; i += blockDim.y) {
            Cell sum = cells[entry(i)];
#pragma unroll 1
            for (int k = 0; k < 2 * radius; k++) {
                const int row =
                    neighbour(i, k % 2 == 0 ? -1 - k / 2 : 1 + k / 2, a, segment->height, circular);
                if (row >= 0) {
                    const Cell x = cells[entry(row)];
                    sum.x += x.x;
                    sum.y += x.y;
                }
            }
            sums[entry(i)] = sum;
        }
        __syncthreads();
    }

    /** cells <- sums of 2 radius + 1 columns of sums, biases, and the ReLU if it is part of the step. */
    __device__ void horizontal_sums(const PlaneStep& step) {
        const int j = threadIdx.x;
        for (int i = threadIdx.y; i < segment->height; i += blockDim.y) {
            Cell sum = sums[entry(i)];
#pragma unroll 1
            for (int k = 0; k < 2 * step.kind; k++) {
                const int col = neighbour(j, k % 2 == 0 ? -1 - k / 2 : 1 + k / 2, b, segment->width,
                                          step.flags & kCircular);
                if (col >= 0) {
                    const Cell x = sums[i * segment->width + col];
                    sum.x += x.x;
                    sum.y += x.y;
                }
            }
            const Real t = step.flags & kTangent ? sum.y + Real(step.y) : sum.y - sum.x;
            const Real s = sum.x + Real(step.x);
            cells[entry(i)] = step.flags & kWithRelu ? relu(step, i, s, t) : state<Real>(s, t + s);
        }
    }

    /** kTrace: writes the standard deviation before an activation. */
    __device__ void trace(const PlaneStep& step, int e, Real s) {
        const Real least = Real(0x1p-400);  // smaller variances are zero variance (eq. 7)
        deviations[step.offset + e] = s < least ? Real(0) : root(s);
    }

    /** S and T~ behind a ReLU. */
    __device__ Cell relu(const PlaneStep& step, int i, Real s, Real t) {
        if constexpr (kTrace) {
            trace(step, entry(i), s);
            return state<Real>(s, t + s);
        } else {
            return relu_moments(s, t, mine[step.offset + entry(i)], theirs[step.offset + other(i)], self);
        }
    }

    /** S and T~ behind another non-linearity. */
    __device__ Cell nonlinear(const PlaneStep& step, int i, Real s, Real t) {
        const double unit = sqrt(step.x);
        double la, lb;
        if constexpr (kTrace) {
            trace(step, entry(i), s);
            la = lb = sqrt(s);
        } else {
            la = mine[step.offset + entry(i)];
            lb = theirs[step.offset + other(i)];
        }
        const Moments m = dual_activation(step.kind, step.z, step.x * s, unit * la, unit * lb, self);
        const double out = m.covariance / step.y;
        return state<Real>(Real(out), Real(t * (m.slope * (step.x / step.y)) + out));
    }

    /** Weighted sums of S and T~ over the plane: a thread's entries in order, then strands of threads, then the strands. */
    __device__ void read_out(const PlaneStep& step) {
        __shared__ double2 parts[kMaxThreads];
        const int threads = blockDim.x * blockDim.y, t = threadIdx.y * blockDim.x + threadIdx.x;
        double2* const part = parts + threadIdx.z * threads;
        part[t] = weighted_rows(step);
        __syncthreads();
        if (t < kStrands) {
            for (int k = t + kStrands; k < threads; k += kStrands) {
                part[t].x += part[k].x;
                part[t].y += part[k].y;
            }
        }
        __syncthreads();
        if (t == 0 && live) {
            double2 sum = part[0];
            for (int k = 1; k < min(kStrands, threads); k++) {
                sum.x += part[k].x;
                sum.y += part[k].y;
            }
            const int planes = segment->row_planes * segment->col_planes;
            partials[(long long)step.kind * planes + plane] = sum;
        }
        __syncthreads();
    }

    __device__ double2 weighted_rows(const PlaneStep& step) const {
        const int height = segment->height, width = segment->width, j = threadIdx.x;
        const double* rows = weights + step.offset;
        const double* cols = rows + height * height;
        double2 sum = {0, 0};
#pragma unroll 1
        for (int i = threadIdx.y; i < height; i += blockDim.y) {
            const Cell x = cells[entry(i)];
            const double weight = step.flags & kPlain ? 1.0
                                                      : rows[i * height + partner(i, a, height)] *
                                                            cols[j * width + partner(j, b, width)];
            sum.x = fma(weight, (double)x.x, sum.x);
            sum.y = fma(weight, (double)x.y, sum.y);
        }
        return sum;
    }
};
