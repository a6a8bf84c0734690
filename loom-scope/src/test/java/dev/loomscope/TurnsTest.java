package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Threads that come to a limiter again and again. */
class TurnsTest {

    private static final int THREADS = 3;
    private static final int ROUNDS = 5;

    private final Limiter limiter = Limiter.of("turns", 1);

    /** Each stands in line again before the next leaves, so everybody has one turn in each round. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void thoseWhoComeAgainKeepTheirOrder(boolean virtual) throws Exception {
        FakeWaiter gate = new FakeWaiter("gate").holds(limiter);
        List<Integer> turns = new ArrayList<>(); // one permit: one writer at a time
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            int number = i;
            threads.add((virtual ? Thread.ofVirtual() : Thread.ofPlatform()).start(() -> comeAgain(number, turns)));
            int inLine = i + 1;
            Patience.until("it is in line", () -> limiter.stats().waiting() == inLine);
        }
        limiter.leave(gate, null);
        for (Thread thread : threads) {
            thread.join();
        }
        List<Integer> expected = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
            expected.addAll(List.of(0, 1, 2));
        }
        assertThat(turns).isEqualTo(expected);
    }

    private void comeAgain(int number, List<Integer> turns) {
        for (int round = 0; round < ROUNDS; round++) {
            boolean last = round == ROUNDS - 1;
            try {
                limiter.call(() -> {
                    if (!last) {
                        Patience.until(
                                "the others are in line", () -> limiter.stats().waiting() == THREADS - 1);
                    }
                    return turns.add(number);
                });
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
    }

    @Test
    void whatIsInUseAndWhoWaitsIsToldAtAnyTime() throws Exception {
        Limiter two = Limiter.of(2);
        assertThat(two.permits()).isEqualTo(2);
        two.call(() -> {
            assertThat(two.stats().inUse()).isOne();
            assertThat(two.stats().waiting()).isZero();
            return null;
        });
        assertThat(two.stats().inUse()).isZero();
    }
}
