package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** The first success wins, the others have ended. */
class RaceTest {

    @Test
    void theFirstSuccessIsTheResultAndTheOthersHaveEnded() throws Exception {
        CountDownLatch ended = new CountDownLatch(1);
        CountDownLatch waiting = new CountDownLatch(1);
        String winner = MixedScope.race(
                () -> {
                    waiting.countDown();
                    try {
                        Patience.forever();
                        return "never";
                    } finally {
                        ended.countDown();
                    }
                },
                () -> {
                    Patience.await(waiting);
                    return "winner";
                },
                () -> {
                    throw new IllegalStateException("fails");
                });
        assertThat(winner).isEqualTo("winner");
        assertThat(ended.getCount()).isZero();
    }

    @Test
    void withoutASuccessItFailsWithTheFirstFailure() {
        assertThatThrownBy(() -> MixedScope.<String>race(() -> {
                    throw new IllegalStateException("fails");
                }))
                .isInstanceOf(ScopeFailedException.class)
                .hasRootCauseMessage("fails");
    }

    @Test
    void nobodyAtTheStartIsRefused() {
        assertThatThrownBy(() -> MixedScope.<String>race()).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anInterruptEndsIt() {
        Thread owner = Thread.currentThread();
        assertThatThrownBy(() -> MixedScope.<String>race(() -> {
                    owner.interrupt();
                    Patience.forever();
                    return "never";
                }))
                .isInstanceOf(InterruptedException.class)
                .satisfies(e -> assertThat(e.getSuppressed()).isEmpty());
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }
}
