package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.loomscope.CancelReason.Source;
import dev.loomscope.DeadlineExceededException.Unfinished;
import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The deadline of one scope. Bounds in seconds, so that a busy machine does not decide. */
class DeadlineTest {

    private static final Duration SHORT = Duration.ofMillis(100);
    private static final Duration LONG = Duration.ofMinutes(10);

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void joinNamesWhatWasUnfinishedAndHowLongItHadRun(TaskKind kind) {
        Instant begin = Instant.now();
        try (var scope =
                MixedScope.open(c -> c.withTimeout(Duration.ofSeconds(2)).withMaxConcurrent(kind, 1))) {
            Subtask<Void> running = scope.fork("runs", kind, () -> Patience.forever());
            Patience.until("it has started", () -> running.startedAt().isPresent());
            Subtask<Void> queued = scope.fork("waits", kind, () -> Patience.forever());
            DeadlineExceededException thrown = catchThrowableOfType(DeadlineExceededException.class, scope::join);
            assertThat(thrown).as("what join threw").isNotNull();
            assertThat(thrown.unfinished()).extracting(Unfinished::subtask).containsExactly(running, queued);
            assertThat(thrown.unfinished().get(0).ran())
                    .isPositive()
                    .isLessThan(Duration.between(begin, Instant.now()));
            assertThat(thrown.unfinished().get(1).ran()).isZero();
            assertThat(thrown).hasMessageContainingAll(scope.name(), "runs", "waits", "ms");
            assertThat(thrown.failures()).isEmpty();
            assertThat(thrown.cancelReason().orElseThrow().source()).isEqualTo(Source.DEADLINE);
            assertThat(running.state()).isEqualTo(State.CANCELLED);
            assertThat(queued.startedAt()).isEmpty();
        }
    }

    @Test
    void whatHasEndedInTimeIsNotNamedAndKeepsItsResult() {
        try (var scope = MixedScope.open(c -> c.withTimeout(Duration.ofSeconds(1)))) {
            Subtask<String> quick = scope.fork(() -> "quick");
            Subtask<Void> slow = scope.fork(() -> Patience.forever());
            DeadlineExceededException thrown = catchThrowableOfType(DeadlineExceededException.class, scope::join);
            assertThat(thrown.unfinished()).extracting(Unfinished::subtask).containsExactly(slow);
            assertThat(quick.get()).isEqualTo("quick");
        }
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void isNoMatterIfAllIsDoneBefore(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open(c -> c.withTimeout(LONG))) {
            Subtask<Integer> subtask = scope.fork(kind, () -> 1);
            scope.join();
            assertThat(subtask.get()).isEqualTo(1);
            assertThat(scope.cancelReason()).isEmpty();
        }
    }

    @Test
    void thatPassesAfterAllIsDoneMakesJoinThrowNothing() throws Exception {
        try (var scope = MixedScope.open(c -> c.withTimeout(Duration.ofSeconds(1)))) {
            Subtask<String> subtask = scope.fork(() -> "in time");
            assertThat(subtask.await()).isEqualTo("in time");
            Patience.until("the deadline has passed", () -> scope.cancelReason().isPresent());
            scope.join();
            assertThat(subtask.get()).isEqualTo("in time");
        }
    }

    @Test
    void thatHasPassedRefusesFurtherForks() {
        try (var scope =
                MixedScope.open(c -> c.withDeadline(Deadline.at(Instant.now().minusSeconds(1))))) {
            Patience.until("the deadline has passed", () -> scope.cancelReason().isPresent());
            Subtask<String> late = scope.fork(() -> "late");
            assertThat(late.state()).isEqualTo(State.CANCELLED);
            assertThatThrownBy(scope::join).isInstanceOf(DeadlineExceededException.class);
        }
    }

    @Test
    void makesAlsoTheSupervisorThrow() {
        try (var scope = MixedScope.open(Joiner.awaitAll(), c -> c.withTimeout(SHORT))) {
            scope.fork(() -> Patience.forever());
            assertThatThrownBy(scope::join).isInstanceOf(DeadlineExceededException.class);
        }
    }

    @Test
    void failuresBeforeAndDuringTheCancelAreKept() {
        IllegalStateException before = new IllegalStateException("before");
        IllegalStateException during = new IllegalStateException("during");
        try (var scope = MixedScope.open(Joiner.awaitAll(), c -> c.withTimeout(SHORT))) {
            scope.fork(() -> {
                throw before;
            });
            Subtask<Object> cleaning = scope.fork(() -> {
                try {
                    return Patience.forever();
                } catch (InterruptedException e) {
                    throw during;
                }
            });
            DeadlineExceededException thrown = catchThrowableOfType(DeadlineExceededException.class, scope::join);
            assertThat(thrown).hasCause(before);
            if (cleaning.startedAt().isPresent()) { // it has, unless the machine stood still
                assertThat(thrown.failures()).hasSize(2);
                assertThat(thrown.getSuppressed()).containsExactly(during);
            }
        }
    }

    private static Void spinAndTell(String file) throws Exception {
        Path path = Path.of(file);
        Path written = path.resolveSibling(path.getFileName() + ".new");
        Files.writeString(written, String.valueOf(ProcessHandle.current().pid()));
        Files.move(written, path);
        return Patience.spin();
    }

    @Test
    void stopsACpuTaskThatDoesNotListenAndItsProcessIsGoneAfterClose(@TempDir Path folder) throws Exception {
        Path pid = folder.resolve("pid");
        String file = pid.toString();
        try (var scope = MixedScope.open(c -> c.withTimeout(Duration.ofSeconds(2)))) {
            Subtask<Void> endless = scope.fork(TaskKind.CPU, () -> spinAndTell(file));
            Patience.until(
                    "it spins", () -> Files.exists(pid) || scope.cancelReason().isPresent());
            assertThatThrownBy(scope::join).isInstanceOf(DeadlineExceededException.class);
            assertThat(endless.state()).isEqualTo(State.CANCELLED);
        }
        long worker = Long.parseLong(Files.readString(pid));
        assertThat(ProcessHandle.of(worker).map(ProcessHandle::isAlive).orElse(false))
                .as("worker %d lives", worker)
                .isFalse();
        try (var scope = MixedScope.open()) {
            Subtask<Long> next =
                    scope.fork(TaskKind.CPU, () -> ProcessHandle.current().pid());
            scope.join();
            assertThat(next.get()).isNotEqualTo(worker);
        }
    }

    @Test
    void firesWhileTheCommonPoolAndAllCarriersAreBusy() {
        AtomicBoolean release = new AtomicBoolean();
        Runnable burn = () -> {
            while (!release.get()) {
                Thread.onSpinWait();
            }
        };
        try (var scope = MixedScope.open(c -> c.withTimeout(Duration.ofSeconds(1)))) {
            CountDownLatch hog = new CountDownLatch(1);
            Subtask<Void> subtask = scope.fork(TaskKind.BLOCKING, () -> {
                hog.countDown();
                return Patience.forever();
            });
            Patience.awaitDeaf(hog);
            for (int i = 0; i < 2 * Runtime.getRuntime().availableProcessors(); i++) {
                ForkJoinPool.commonPool().execute(burn);
                Thread.ofVirtual().start(burn);
            }
            try {
                assertThatThrownBy(scope::join).isInstanceOf(DeadlineExceededException.class);
                assertThat(release).isFalse();
                assertThat(subtask.state()).isEqualTo(State.CANCELLED);
            } finally {
                release.set(true);
            }
        }
    }

    /** As in the JDK: a timeout begins when a scope opens, so a configuration can be kept in a constant. */
    @Test
    void ofAConfigurationThatIsUsedTwiceBeginsWithEachScope() throws Exception {
        Duration timeout = Duration.ofSeconds(2);
        ScopeConfig constant = ScopeConfig.defaults().withTimeout(timeout);
        Deadline later = Deadline.after(timeout);
        Patience.until("that long has passed since", later::isExpired);
        try (var scope = MixedScope.open(constant)) {
            Subtask<String> subtask = scope.fork(() -> "in time");
            scope.join();
            assertThat(subtask.get()).isEqualTo("in time");
            assertThat(scope.cancelReason()).isEmpty();
        }
    }

    @Test
    void ofAnInnerScopeDoesNotCancelTheOuterOne() throws Exception {
        try (var outer = MixedScope.open()) {
            Subtask<String> sibling = outer.fork(() -> "unharmed");
            try (var inner = MixedScope.open(c -> c.withTimeout(SHORT))) {
                inner.fork(() -> Patience.forever());
                assertThatThrownBy(inner::join).isInstanceOf(DeadlineExceededException.class);
            }
            outer.join();
            assertThat(sibling.get()).isEqualTo("unharmed");
        }
    }

    @Test
    void mustNotBeNegativeButMayBeAsFarAsYouLike() throws Exception {
        assertThatThrownBy(() -> Deadline.after(Duration.ofMillis(-1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("PT-0.001S");
        assertThatThrownBy(() -> ScopeConfig.defaults().withTimeout(Duration.ofMillis(-1)))
                .isInstanceOf(IllegalArgumentException.class);
        Duration forever = Duration.ofSeconds(Long.MAX_VALUE);
        assertThat(Deadline.after(forever).remaining()).isGreaterThan(Duration.ofDays(10_000));
        try (var scope = MixedScope.open(c -> c.withTimeout(forever))) {
            Subtask<String> subtask = scope.fork(() -> "in time");
            scope.join();
            assertThat(subtask.get()).isEqualTo("in time");
        }
    }

    @Test
    void deadlinesAreOrderedByTime() {
        Deadline near = Deadline.after(SHORT);
        Deadline far = Deadline.after(LONG);
        assertThat(near).isLessThan(far);
        assertThat(far.isExpired()).isFalse();
        assertThat(Deadline.after(Duration.ZERO).isExpired()).isTrue();
        assertThat(Deadline.after(Duration.ZERO).remaining()).isZero();
    }
}
