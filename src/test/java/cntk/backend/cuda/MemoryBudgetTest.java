package cntk.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MemoryBudgetTest {
    @ParameterizedTest
    @CsvSource({
        "10000, 0,    1000, 100, 1, 50,  50",
        "10000, 0,    1000, 100, 1, 500, 90",
        "10000, 1000, 1000, 100, 2, 500, 40",
        "10000, 0,    9900, 100, 1, 500, 1",
        "10000, 0,    9901, 100, 1, 500, 0",
        "10000, 5000, 6000, 100, 1, 500, 0",
    })
    void pairsAreWhatFitsBesideReserveAndFixedPart(
            long free, long reserve, long fixed, long perPair, int buffers, long wanted, long expected) {
        MemoryBudget budget = new MemoryBudget(free, reserve, fixed, perPair, buffers);
        assertThat(budget.pairs(wanted)).isEqualTo(expected);
    }

    @Test
    void batchNeverTakesMoreThanThereIs() {
        for (long free = 1; free < 3_000_000; free = free * 5 / 3 + 7) {
            for (int perPair : new int[] {1, 77, 4096}) {
                for (int buffers = 1; buffers <= 3; buffers++) {
                    MemoryBudget budget = MemoryBudget.of(free, 10_000, perPair, buffers);
                    long pairs = budget.pairs(Long.MAX_VALUE);
                    if (pairs > 0) {
                        assertThat(budget.bytes(pairs)).isLessThanOrEqualTo(free - budget.reserveBytes());
                        assertThat(budget.bytes(pairs + 1)).isGreaterThan(free - budget.reserveBytes());
                    } else {
                        assertThat(budget.bytes(1)).isGreaterThan(free - budget.reserveBytes());
                    }
                }
            }
        }
    }

    @Test
    void sizesOfRealCardsDoNotOverflow() {
        MemoryBudget budget = MemoryBudget.of(192L << 30, 20L << 30, 3L << 20, 2);
        assertThat(budget.pairs(Long.MAX_VALUE)).isBetween(26_000L, 28_000L);
        assertThatThrownBy(() -> budget.bytes(Long.MAX_VALUE)).isInstanceOf(ArithmeticException.class);
    }

    @Test
    void impossibleSizesAreRefused() {
        assertThatThrownBy(() -> new MemoryBudget(-1, 0, 0, 1, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new MemoryBudget(1, 0, 0, 0, 1)).isInstanceOf(IllegalArgumentException.class);
    }
}
