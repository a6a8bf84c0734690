package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A limiter used by hand. */
class LimiterCallTest {

    private final Limiter limiter = Limiter.of("db", 1);

    private static ThreadFactory threads(boolean virtual) {
        return virtual
                ? Thread.ofVirtual().name("worker").factory()
                : Thread.ofPlatform().daemon().name("worker").factory();
    }

    private record Running<T>(Thread thread, FutureTask<T> task) {
        static <T> Running<T> start(ThreadFactory threads, Callable<T> code) {
            FutureTask<T> task = new FutureTask<>(code);
            Thread thread = threads.newThread(task);
            thread.start();
            return new Running<>(thread, task);
        }

        T get() throws Exception {
            return task.get(Patience.LIMIT_SECONDS, TimeUnit.SECONDS);
        }
    }

    private void untilWaiting(int count) {
        Patience.until(count + " wait", () -> limiter.stats().waiting() == count);
    }

    @Test
    void theResultComesBackAndSoDoesThePermit() throws Exception {
        assertThat(limiter.call(() -> "result")).isEqualTo("result");
        assertThat(limiter.<Object>call(() -> null)).isNull();
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> limiter.call(() -> {
                    throw new IOException("the task's own");
                }));
        assertThat(limiter.stats().inUse()).isZero();
        assertThat(limiter.stats().granted()).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void callersAreServedInTheOrderOfComingTogetherWithSubtasks(boolean virtual) throws Exception {
        List<String> order = new ArrayList<>(); // one permit: one writer at a time
        FakeWaiter holder = new FakeWaiter("holder").holds(limiter);
        List<Running<?>> running = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            String name = "call " + i;
            running.add(Running.start(threads(virtual), () -> limiter.call(() -> order.add(name))));
            untilWaiting(i + 1);
        }
        FakeWaiter subtask = new FakeWaiter("subtask").queuesAt(limiter);
        running.add(Running.start(threads(virtual), () -> limiter.call(() -> order.add("last"))));
        untilWaiting(7);
        limiter.leave(holder, null);
        Patience.until("the subtask has its turn", subtask::hasPermit);
        assertThat(order).containsExactly("call 0", "call 1", "call 2", "call 3", "call 4");
        limiter.leave(subtask, null);
        for (Running<?> one : running) {
            one.get();
        }
        assertThat(order).hasSize(6).endsWith("last");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anInterruptedCallerLeavesTheLine(boolean virtual) throws Exception {
        FakeWaiter holder = new FakeWaiter("holder").holds(limiter);
        Running<Boolean> interrupted = Running.start(threads(virtual), () -> {
            try {
                limiter.call(() -> "never");
                return false;
            } catch (InterruptedException e) {
                return !Thread.currentThread().isInterrupted();
            }
        });
        untilWaiting(1);
        interrupted.thread().interrupt();
        assertThat(interrupted.get()).as("interrupted, flag cleared").isTrue();
        assertThat(limiter.stats().waiting()).isZero();
        assertThat(limiter.stats().cancelledWhileWaiting()).isEqualTo(1);
        limiter.leave(holder, null);
        assertThat(limiter.call(() -> "next")).isEqualTo("next");
    }

    @Test
    void anInterruptThatWaitsEndsTheCallBeforeItBegins() {
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(InterruptedException.class).isThrownBy(() -> limiter.call(() -> "never"));
        assertThat(Thread.interrupted()).isFalse();
        assertThat(limiter.stats().granted()).isZero();
    }

    @Test
    void aCallInsideACallIsRefusedBeforeItWaits() throws Exception {
        Limiter wide = Limiter.of("wide", 2);
        Running<Object> running = Running.start(
                threads(false),
                () -> wide.call(() -> {
                    assertThatIllegalStateException()
                            .isThrownBy(() -> wide.call(() -> "inside"))
                            .withMessage(
                                    "thread 'worker' is inside a call of limiter 'wide' (2 permits) already: a second"
                                            + " permit could be the one that it waits for; use the permit it has, or another"
                                            + " limiter inside");
                    return limiter.call(() -> "another limiter is fine");
                }));
        assertThat(running.get()).isEqualTo("another limiter is fine");
        assertThat(wide.stats().inUse()).isZero();
        assertThat(wide.call(() -> "after")).isEqualTo("after");
    }

    @Test
    void callersThatHoldWhatTheOtherNeedsAreToldInsteadOfWaiting() throws Exception {
        Limiter other = Limiter.of("files", 1);
        CountDownLatch bothHold = new CountDownLatch(2);
        ThreadFactory threads = Thread.ofPlatform().daemon().name("t", 1).factory();
        Running<String> one = Running.start(threads, () -> crossing(limiter, other, bothHold));
        Running<String> two = Running.start(threads, () -> crossing(other, limiter, bothHold));
        List<String> outcomes = new ArrayList<>();
        List<Throwable> refused = new ArrayList<>();
        for (Running<String> running : List.of(one, two)) {
            try {
                outcomes.add(running.get());
            } catch (ExecutionException e) {
                refused.add(e.getCause());
            }
        }
        assertThat(refused)
                .isNotEmpty()
                .allSatisfy(
                        e -> assertThat(e)
                                .isInstanceOf(LimiterDeadlockException.class)
                                .hasMessageMatching(
                                        "thread 't(.)' waits for a permit of limiter '(db|files)' \\(1 permit\\), held by thread 't.', which"
                                                + " waits for a permit of limiter '(db|files)' \\(1 permit\\), held by thread 't\\1';"
                                                + " raise the permits, use another limiter inside, or do not wait while holding a permit"));
        assertThat(outcomes).hasSize(2 - refused.size());
        assertThat(limiter.stats().inUse() + other.stats().inUse()).isZero();
        assertThat(limiter.stats().waiting() + other.stats().waiting()).isZero();
    }

    private static String crossing(Limiter first, Limiter second, CountDownLatch bothHold) throws Exception {
        return first.call(() -> {
            bothHold.countDown();
            Patience.await(bothHold);
            return second.call(() -> "both");
        });
    }
}
