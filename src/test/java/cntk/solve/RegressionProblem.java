package cntk.solve;

import cntk.plan.TilePlan;

/** A small regression with everything dense, and its answers by explicit inverses in plain loops. */
record RegressionProblem(double[][] kernel, double[][] cross, double[][] targets) {
    /** n training and m test images whose joint kernel is positive definite; targets of random numbers. */
    static RegressionProblem random(int n, int m, int outputs, long seed) {
        double[][] joint = DenseMatrices.randomPositiveDefinite(n + m, 0.05, seed);
        double[][] kernel = new double[n][n];
        double[][] cross = new double[m][n];
        for (int row = 0; row < n + m; row++) {
            System.arraycopy(joint[row], 0, row < n ? kernel[row] : cross[row - n], 0, n);
        }
        return new RegressionProblem(kernel, cross, DenseMatrices.random(n, outputs, seed + 1));
    }

    int size() {
        return kernel.length;
    }

    CrossKernel crossKernel(int side) {
        return new CrossKernel(new TilePlan(cross.length, size(), side, false), (tile, out) -> {
            for (int row = 0; row < tile.rows(); row++) {
                System.arraycopy(cross[tile.rowBegin() + row], tile.colBegin(), out, row * tile.cols(), tile.cols());
            }
        });
    }

    KernelSource source() {
        return DenseMatrices.kernel(kernel);
    }

    /** The regression of some of the images only. */
    RegressionProblem part(int[] images) {
        double[][] k = new double[images.length][images.length];
        double[][] c = new double[cross.length][images.length];
        double[][] y = new double[images.length][];
        for (int row = 0; row < images.length; row++) {
            y[row] = targets[images[row]];
            for (int col = 0; col < images.length; col++) {
                k[row][col] = kernel[images[row]][images[col]];
            }
        }
        for (int row = 0; row < cross.length; row++) {
            for (int col = 0; col < images.length; col++) {
                c[row][col] = cross[row][images[col]];
            }
        }
        return new RegressionProblem(k, c, y);
    }

    /** C (K + ridge I)^-1 Y. */
    double[][] predictions(double ridge) {
        return DenseMatrices.product(cross, coefficients(ridge));
    }

    /** (K + ridge I)^-1 Y. */
    double[][] coefficients(double ridge) {
        return DenseMatrices.product(DenseMatrices.inverse(DenseMatrices.plusDiagonal(kernel, ridge)), targets);
    }

    /** Mean square of what each part, left out of the training, is mispredicted by. */
    double leftOutError(double ridge, java.util.List<int[]> parts) {
        double sum = 0;
        long count = 0;
        for (int[] part : parts) {
            int[] rest = Folds.others(size(), part);
            double[][] cols = new double[part.length][rest.length];
            for (int row = 0; row < part.length; row++) {
                for (int col = 0; col < rest.length; col++) {
                    cols[row][col] = kernel[part[row]][rest[col]];
                }
            }
            RegressionProblem trained = part(rest);
            double[][] predicted = new RegressionProblem(trained.kernel(), cols, trained.targets()).predictions(ridge);
            for (int row = 0; row < part.length; row++) {
                for (int output = 0; output < targets[0].length; output++) {
                    double error = predicted[row][output] - targets[part[row]][output];
                    sum += error * error;
                    count++;
                }
            }
        }
        return sum / count;
    }
}
