package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.core.TaskKind;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes on although it was cancelled. */
class StragglerTest {

    private static final Duration SMALL = Duration.ofMillis(10);

    private final LogTail log = new LogTail(Stragglers.class);
    private final AtomicInteger interrupts = new AtomicInteger();
    private final CountDownLatch release = new CountDownLatch(1);

    @AfterEach
    void closeLog() {
        log.close();
    }

    private static UnaryOperator<ScopeConfig> grace(Duration grace) {
        return config -> config.withStragglerGrace(grace);
    }

    // Goes on until it has swallowed so many interrupts.
    private Void swallow(int count) {
        while (interrupts.get() < count) {
            try {
                Patience.await(release);
                return null;
            } catch (InterruptedException e) {
                interrupts.incrementAndGet();
            }
        }
        return null;
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void whoSwallowsTheFirstInterruptIsInterruptedAgainAndNamedWithReasonAndStack(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll(), grace(SMALL))) {
            Subtask<Void> deaf = scope.fork("deaf-one", kind, () -> swallow(2));
            Patience.until("it has started", () -> deaf.startedAt().isPresent());
            scope.cancel("the user went away");
            scope.join();
            assertThat(interrupts).hasValue(2);
            assertThat(log.awaitWarning("deaf-one").getFormattedMessage())
                    .contains(scope.name(), kind.name(), "the user went away", "checkCancelled")
                    .contains("\tat " + StragglerTest.class.getName() + ".swallow");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aSingleCancelIsFollowedUpToo(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open(grace(SMALL))) {
            Subtask<Void> deaf = scope.fork("deaf-one", kind, () -> swallow(3));
            Patience.until("it has started", () -> deaf.startedAt().isPresent());
            deaf.cancel();
            scope.join();
            assertThat(interrupts).hasValue(3);
            assertThat(log.warnings("deaf-one")).hasSizeGreaterThanOrEqualTo(2);
            assertThat(scope.cancelReason()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void whoEndsWithTheFirstInterruptIsNotWarnedOf(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll(), grace(Duration.ofMillis(300)))) {
            Subtask<Void> good = scope.fork(kind, () -> Patience.forever());
            Subtask<Void> deaf = scope.fork("deaf-one", kind, () -> swallow(2));
            Patience.until(
                    "they have started",
                    () -> good.startedAt().isPresent() && deaf.startedAt().isPresent());
            scope.cancel();
            scope.join();
            assertThat(log.warnings(good.name())).isEmpty();
            assertThat(log.warnings("deaf-one")).hasSize(1);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void whoOnlyWaitsIsNamedButNotInterrupted(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll(), grace(SMALL))) {
            Subtask<Void> subtask = scope.withCancelPolicy(CancelPolicy.WAIT).fork("patient", kind, () -> swallow(1));
            Patience.until("it has started", () -> subtask.startedAt().isPresent());
            scope.cancel();
            log.awaitWarning("patient");
            Patience.until("it is named again", () -> log.warnings("patient").size() > 1);
            release.countDown();
            scope.join();
            assertThat(interrupts).hasValue(0);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void whoIsShieldedIsInterruptedOnlyAfterwards(TaskKind kind) throws Exception {
        AtomicInteger behind = new AtomicInteger();
        try (var scope = MixedScope.open(Joiner.awaitAll(), grace(SMALL))) {
            Subtask<Void> subtask = scope.fork("shielded", kind, () -> {
                Shield.run(() -> {
                    swallow(1);
                    behind.set(interrupts.get());
                });
                return Patience.forever();
            });
            Patience.until("it has started", () -> subtask.startedAt().isPresent());
            scope.cancel();
            Patience.until("it is late", () -> log.warnings("shielded").size() > 1);
            release.countDown();
            scope.join();
            assertThat(behind).hasValue(0);
            assertThat(subtask.state()).isEqualTo(Subtask.State.CANCELLED);
        }
    }

    /** One that is deaf for long is looked at ever more rarely; the grace period of the others stays what it is. */
    @Test
    void oneThatIsDeafForLongHidesNoOther() throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll(), grace(SMALL))) {
            Subtask<Void> old = scope.fork("old", TaskKind.BLOCKING, () -> Patience.awaitDeaf(release));
            Patience.until("it has started", () -> old.startedAt().isPresent());
            old.cancel();
            Patience.until("its pauses are long", () -> log.warnings("'old'").size() >= 8);
            Subtask<Void> fresh = scope.fork("fresh", TaskKind.BLOCKING, () -> swallow(2));
            Patience.until("it has started", () -> fresh.startedAt().isPresent());
            int before = log.warnings("'old'").size();
            fresh.cancel();
            log.awaitWarning("'fresh'");
            Patience.until("the fresh one has ended", () -> fresh.state() != Subtask.State.UNAVAILABLE);
            assertThat(log.warnings("'old'").size()).isLessThanOrEqualTo(before + 1);
            release.countDown();
            scope.join();
        }
    }

    @Test
    void withoutAGracePeriodTheWarningsBecomeRareAsWell() throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll(), grace(Duration.ZERO))) {
            Subtask<Void> deaf = scope.fork("deaf-one", TaskKind.BLOCKING, () -> Patience.awaitDeaf(release));
            Patience.until("it has started", () -> deaf.startedAt().isPresent());
            scope.cancel();
            Patience.until("it is named", () -> log.warnings("deaf-one").size() >= 4);
            Deadline later = Deadline.after(Duration.ofMillis(200));
            Patience.until("some time has passed", later::isExpired);
            assertThat(log.warnings("deaf-one")).hasSizeLessThan(30);
            release.countDown();
            scope.join();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void nothingOfAScopeStaysInTheTimerOnceItIsClosed(boolean late) throws Exception {
        WeakReference<Object> scope = new WeakReference<>(openCancelClose(late ? SMALL : Duration.ofHours(1)));
        Patience.until("the scope is collected", () -> {
            System.gc();
            return scope.refersTo(null);
        });
    }

    private Object openCancelClose(Duration grace) throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll(), grace(grace))) {
            Subtask<Void> subtask = scope.fork(() -> Patience.forever());
            Patience.until("it has started", () -> subtask.startedAt().isPresent());
            scope.cancel();
            scope.join();
            return scope;
        }
    }
}
