package cntk.solve;

import java.util.Locale;

/** The iterative solve has no answer that it can stand for; says why, and what would help. */
public final class NoConvergenceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private NoConvergenceException(String message) {
        super(message);
    }

    static NoConvergenceException singular(double ridge, int image, double left) {
        return new NoConvergenceException(String.format(
                Locale.ROOT,
                "the training kernel with ridge %s is singular to double precision: the pivots of the preconditioner leave %.1e of training image %d (counted from 0)\n"
                        + "hint: use a ridge; duplicate images make a kernel singular",
                ridge,
                left,
                image));
    }

    static NoConvergenceException indefinite(double ridge, int iteration) {
        return new NoConvergenceException(String.format(
                Locale.ROOT,
                "the training kernel with ridge %s is not positive definite: iteration %d met a direction v with v^T (K + ridge I) v <= 0\n"
                        + "hint: use a ridge, or store the kernel in doubles (--precision f64)",
                ridge,
                iteration));
    }

    static NoConvergenceException ofCondition(double ridge, double smallest, double largest) {
        return new NoConvergenceException(String.format(
                Locale.ROOT,
                "the training kernel with ridge %s is singular to double precision: its preconditioned eigenvalues reach from %.1e to %.1e\n"
                        + "hint: use a ridge, or --solver cpu where the matrix fits into memory",
                ridge,
                smallest,
                largest));
    }

    static NoConvergenceException stagnated(
            double ridge, int iteration, double residual, double tolerance, double condition) {
        return new NoConvergenceException(String.format(
                Locale.ROOT,
                "the iterative solve with ridge %s does not get below a relative residual of %.1e (wanted %.1e): %d iterations, condition of the preconditioned matrix at least %.1e, so rounding is what is left\n"
                        + "hint: use a ridge, a larger --pcg-tolerance, or --solver cpu where the matrix fits into memory",
                ridge,
                residual,
                tolerance,
                iteration,
                condition));
    }

    static NoConvergenceException limit(
            PcgSettings settings, double ridge, double residual, double condition, double enough) {
        return new NoConvergenceException(String.format(
                Locale.ROOT,
                "the iterative solve with ridge %s has not converged in %d iterations: relative residual %.1e (wanted %.1e), condition of the preconditioned matrix at least %.1e\n"
                        + "hint: a ridge of %.1e should be enough (an estimate); more --pcg-iterations go on from here; a larger --pcg-rank needs fewer; --solver cpu needs none where the matrix fits into memory",
                ridge,
                settings.iterations(),
                residual,
                settings.tolerance(),
                condition,
                enough));
    }
}
