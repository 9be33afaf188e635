// The work that the host hands to the kernels. Mirrored byte by byte by cntk.backend.cuda.StepTable: change both.
//
// A network is a list of segments; a segment is a list of steps on displacement planes of one size. Between segments planes
// meet (plane_pool.cu). Per image there is one record of Real numbers:
//     [channel][i W + j]   pixels, times 2^inputExponent          at 0
//     [i W + j]            L, the standard deviation before an activation, one block per activation, at the offset that its
//                          step names; 0 for zero variance
// and per pair of images one part of an arena of {S, T~}: what exchanges send, hold on the way and deliver.
#pragma once

enum PlaneOp : int {
    // S = sum_c x_c x'_c;  T~ = S if kTangent, else 0. kind: channels
    kInput = 0,
    // kind: radius; x: bias of S, y: bias of T; flags kCircular, kTangent, kWithRelu; offset: of L if kWithRelu
    kConvolve = 1,
    // offset: of L
    kRelu = 2,
    // kind: Function; x: unit before, y: unit after, z: parameter; offset: of L
    kNonlinear = 3,
    // S and T~ times x
    kScale = 4,
    // offset: in the arena of the pair, [plane][i][j]
    kLoad = 5,
    kSend = 6,
    // kind: slot
    kSave = 7,
    kRestore = 8,
    // kind: slot; x: factor
    kAddSaved = 9,
    // kind: number of the readout among those of the segment; flags kPlain; offset: in the weights, [i][i'] of the rows, then
    // [j][j'] of the columns
    kRead = 10,
};

enum StepFlag : int {
    kCircular = 1,  // windows wrap around
    kTangent = 2,   // T is made of T~ = T + S (trained, or T~ = 0 stood before), else of T~ - S
    kWithRelu = 4,  // a ReLU follows in the same step
    kPlain = 8,     // all weights are 1
};

enum Function : int { kLeaky = 0, kErf = 1, kGelu = 2, kSin = 3, kRbf = 4, kGaussian = 5, kReluProject = 6 };

struct PlaneStep {
    int op, kind, flags, reserved;
    long long offset;
    double x, y, z;
};
static_assert(sizeof(PlaneStep) == 48, "change backend/cuda/StepTable.java too");

struct PlaneSegment {
    int height, width;
    int row_planes,
        col_planes;  // displacements computed: planes (rows[r], cols[c]), numbered r * col_planes + c
    int steps;
    int saved;                // states set aside at a time
    int readouts;             // kRead steps
    int pairs;                // in this launch
    long long record_stride;  // Real numbers from one image's record to the next
    long long arena_stride;   // {S, T~} from one pair's arena to the next
};
static_assert(sizeof(PlaneSegment) == 48, "change backend/cuda/StepTable.java too");

/** Images of a pair by their records; same = 1 if they are equal pixel by pixel: then every c on plane (0,0) is 1. */
struct ImagePair {
    int a, b, same, reserved;
};
static_assert(sizeof(ImagePair) == 16, "change backend/cuda/StepTable.java too");

// The fast kernels (plane_recursion.cu, plane_flatten.cu) take segments that are a run of 3x3 convolutions with ReLU on N x N
// planes, N = 32, 16 or 8. Mirrored by cntk.backend.cuda.ReluRun.

struct ReluRunHeader {
    int layers;    // at most 63
    int channels;  // stages that are pixels: the run starts with S = sum_c x_c x'_c; 0: it starts with a tensor
    int circular;                    // windows wrap around
    int tangent_input;               // U = S at the input, else 0
    int reads;                       // bits of read_layers
    int images_a, images_b;          // plane_flatten: how many there are
    float send_scale;                // from S and U to the units of the program
    unsigned long long frozen;       // bit l: U -= S before layer l, whose own covariance stays out of T
    unsigned long long read_layers;  // bit l: every entry is read once behind layer l
    long long load, send;            // in the arena of a pair, in {S, T~}; -1: none
    long long arena_stride;
};
static_assert(sizeof(ReluRunHeader) == 72, "change backend/cuda/ReluRun.java too");

/** The plane that a warp (or a part of it) computes. */
struct PlaneSlot {
    short a, b;
    int rank;  // among the planes of the segment; -1: computed along, counts for nothing
};
static_assert(sizeof(PlaneSlot) == 8, "change backend/cuda/ReluRun.java too");
