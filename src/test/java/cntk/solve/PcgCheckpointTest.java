package cntk.solve;

import static cntk.solve.TiledProblem.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.dataset.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Solves that end early and go on from what they left. */
class PcgCheckpointTest {
    @TempDir
    Path temporary;

    @ParameterizedTest(name = "stopped at reading {0}")
    @ValueSource(ints = {40, 400, 700})
    void aStoppedSolveGoesOnToTheSameBits(int readings) throws IOException {
        TiledProblem problem = TiledProblem.decaying(120, 3, 10);
        PcgSettings settings = settings(10, 1e-8, 500);
        TiledProblem.Answer undisturbed = problem.solve(16, 0, settings, 1);
        Path folder = Files.createDirectory(temporary.resolve("run" + readings));
        PcgCheckpoint checkpoint = new PcgCheckpoint(folder);
        AtomicInteger left = new AtomicInteger(readings);
        assertThatThrownBy(() -> problem.solve(16, 0, settings, 1, checkpoint, () -> left.decrementAndGet() < 0))
                .isInstanceOf(SolveStoppedException.class);
        TiledProblem.Answer resumed = problem.solve(16, 0, settings, 2, checkpoint, () -> false);
        assertThat(resumed.coefficients()).isDeepEqualTo(undisturbed.coefficients());
        assertThat(resumed.report().iterations()).isEqualTo(undisturbed.report().iterations());
        assertThat(resumed.report().condition()).isEqualTo(undisturbed.report().condition());
        assertThat(resumed.report().resumedAt() > 0).isEqualTo(Files.exists(folder.resolve(PcgCheckpoint.FILE_NAME)));
        assertThat(readings < 400 || resumed.report().resumedAt() > 0).isTrue();
    }

    /** What a process leaves that dies between two checkpoints. */
    @Test
    void aSolveThatDiedGoesOnFromItsLastCheckpointToTheSameBits() {
        TiledProblem problem = TiledProblem.decaying(120, 3, 10);
        PcgSettings everyIteration = new PcgSettings(OptionalInt.of(10), 1e-8, 500, 0);
        TiledProblem.Answer undisturbed = problem.solve(16, 0, everyIteration, 1);
        PcgCheckpoint checkpoint = new PcgCheckpoint(temporary);
        AtomicInteger left = new AtomicInteger(550);
        assertThatThrownBy(() -> problem.solve(16, 0, everyIteration, 1, checkpoint, () -> {
                    if (left.decrementAndGet() < 0) {
                        throw new IllegalStateException("power cut");
                    }
                    return false;
                }))
                .hasMessage("power cut");
        TiledProblem.Answer resumed = problem.solve(16, 0, everyIteration, 2, checkpoint, () -> false);
        assertThat(resumed.report().resumedAt()).isPositive();
        assertThat(resumed.coefficients()).isDeepEqualTo(undisturbed.coefficients());
        assertThat(resumed.report().residuals()).isEqualTo(undisturbed.report().residuals());
    }

    @Test
    void aDamagedCheckpointIsRefused() throws IOException {
        TiledProblem problem = TiledProblem.decaying(80, 3, 4);
        PcgSettings everyIteration = new PcgSettings(OptionalInt.of(5), 1e-8, 500, 0);
        PcgCheckpoint checkpoint = new PcgCheckpoint(temporary);
        problem.solve(16, 1e-6, everyIteration, 1, checkpoint, () -> false);
        Path file = temporary.resolve(PcgCheckpoint.FILE_NAME);
        byte[] whole = Files.readAllBytes(file);
        for (int damage : new int[] {3, 45, 60, whole.length / 2, whole.length - 1}) {
            byte[] flipped = whole.clone();
            flipped[damage] ^= 4;
            Files.write(file, flipped);
            assertThatThrownBy(() -> problem.solve(16, 1e-6, everyIteration, 1, checkpoint, () -> false))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining(file.toString())
                    .hasMessageContaining("damaged")
                    .hasMessageContaining("hint: delete it");
        }
        Files.write(file, Arrays.copyOf(whole, whole.length - 100));
        assertThatThrownBy(() -> problem.solve(16, 1e-6, everyIteration, 1, checkpoint, () -> false))
                .hasMessageContaining("damaged");
        checkpoint.delete();
        assertThat(temporary).isEmptyDirectory();
    }

    @Test
    void aCheckpointOfOtherEquationsIsNotUsedAndOneOfAnotherRankGivesItsSolution() {
        TiledProblem problem = TiledProblem.decaying(100, 3, 4);
        PcgCheckpoint checkpoint = new PcgCheckpoint(temporary);
        assertThatThrownBy(() -> problem.solve(16, 1e-6, settings(5, 1e-8, 9), 1, checkpoint, () -> false))
                .isInstanceOf(NoConvergenceException.class)
                .hasMessageContaining("has not converged in 9 iterations");
        TiledProblem.Answer other = problem.solve(16, 1e-3, settings(5, 1e-8, 500), 1, checkpoint, () -> false);
        assertThat(other.report().resumedAt()).isZero();
        TiledProblem.Answer rank = problem.solve(16, 1e-6, settings(50, 1e-8, 500), 1, checkpoint, () -> false);
        assertThat(rank.report().resumedAt()).isEqualTo(9);
        assertThat(problem.difference(rank.coefficients(), problem.direct(1e-6)))
                .isLessThanOrEqualTo(5e-6);
    }
}
