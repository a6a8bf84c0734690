package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;

/** BLOCKING subtasks on threads that are used again. */
class ReusedThreadsTest {

    private static final String IDLE_NAME = "loom-scope-blocking-";
    private static final int AT_ONCE = 64;

    private final CountDownLatch release = new CountDownLatch(1);

    private static MixedScope<Object, Void> open() {
        return MixedScope.open(Joiner.awaitAll(), c -> c.withReusedThreads(true));
    }

    private static Thread threadOf(MixedScope<Object, ?> scope) throws Exception {
        return scope.fork(TaskKind.BLOCKING, Thread::currentThread).await();
    }

    // As many subtasks as may run at once, so that each idle thread has one: which of them is the next is not for us to
    // say.
    private static boolean runsOneOfMany(Thread thread, MixedScope<Object, ?> scope, Runnable look) {
        CountDownLatch all = new CountDownLatch(AT_ONCE);
        List<Subtask<Boolean>> many = new ArrayList<>();
        for (int i = 0; i < AT_ONCE; i++) {
            many.add(scope.fork("next", TaskKind.BLOCKING, () -> {
                look.run();
                all.countDown();
                Patience.await(all);
                return Thread.currentThread() == thread;
            }));
        }
        return many.stream().map(ReusedThreadsTest::resultOf).toList().contains(true);
    }

    private static <T> T resultOf(Subtask<T> subtask) {
        try {
            return subtask.await();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void theNextSubtaskAlsoOfAnotherScopeRunsOnTheSameThread() throws Exception {
        Thread first;
        try (var scope = open()) {
            first = threadOf(scope);
            scope.join();
        }
        Patience.until("it is idle again", () -> first.getName().startsWith(IDLE_NAME));
        try (var scope = open()) {
            assertThat(first.isVirtual()).isFalse();
            Patience.until("it is free", () -> runsOneOfMany(first, scope, () -> {}));
            scope.join();
        }
    }

    @Test
    void withoutItEachHasAThreadOfItsOwn() throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Thread first = threadOf(scope);
            assertThat(threadOf(scope)).isNotSameAs(first);
            scope.join();
        }
    }

    @Test
    void whatATaskDoesToItsThreadIsUndone() throws Exception {
        ClassLoader ours = Thread.currentThread().getContextClassLoader();
        try (var scope = open()) {
            Thread used = scope.fork("spoiler", TaskKind.BLOCKING, () -> {
                        Thread thread = Thread.currentThread();
                        assertThat(thread.getName()).isEqualTo("spoiler");
                        assertThat(thread.getContextClassLoader()).isSameAs(ours);
                        thread.setName("spoilt");
                        thread.setPriority(Thread.MAX_PRIORITY);
                        thread.setContextClassLoader(null);
                        MDC.put("spoilt", "yes");
                        thread.interrupt();
                        return thread;
                    })
                    .await();
            Patience.until(
                    "the same thread has a task",
                    () -> runsOneOfMany(used, scope, () -> {
                        Thread thread = Thread.currentThread();
                        assertThat(thread.isInterrupted()).isFalse();
                        assertThat(thread.getName()).isEqualTo("next");
                        assertThat(thread.getPriority()).isEqualTo(Thread.NORM_PRIORITY);
                        assertThat(thread.getContextClassLoader()).isSameAs(ours);
                        assertThat(MDC.get("spoilt")).isNull();
                    }));
            scope.join();
        }
    }

    @Test
    void aThreadThatASubtaskStartsHasNotItsPriority() throws Exception {
        try (var scope = open()) {
            List<Subtask<Integer>> priorities = scope.fork(TaskKind.BLOCKING, () -> {
                        Thread.currentThread().setPriority(Thread.MAX_PRIORITY);
                        CountDownLatch all = new CountDownLatch(AT_ONCE); // more than are idle
                        return Stream.generate(() -> scope.fork(TaskKind.BLOCKING, () -> {
                                    all.countDown();
                                    Patience.await(all);
                                    return Thread.currentThread().getPriority();
                                }))
                                .limit(AT_ONCE)
                                .toList();
                    })
                    .await();
            assertThat(priorities).extracting(ReusedThreadsTest::resultOf).containsOnly(Thread.NORM_PRIORITY);
            scope.join();
        }
    }

    @Test
    void anIdleThreadKeepsNothingOfItsLastSubtask() throws Exception {
        WeakReference<Subtask<?>> kept = joinedSubtask();
        Patience.until("it is gone", () -> {
            System.gc();
            return kept.refersTo(null);
        });
    }

    // In a frame of its own, which keeps nothing either.
    private static WeakReference<Subtask<?>> joinedSubtask() throws Exception {
        try (var scope = open()) {
            Subtask<Integer> subtask = scope.fork(TaskKind.BLOCKING, () -> 1);
            scope.join();
            return new WeakReference<>(subtask);
        }
    }

    @Test
    void anInterruptOfAnIdleThreadIsNotForTheNextSubtask() throws Exception {
        Thread first;
        try (var scope = open()) {
            first = threadOf(scope);
            scope.join();
        }
        Patience.until("it is idle again", () -> first.getName().startsWith(IDLE_NAME));
        first.interrupt();
        try (var scope = open()) {
            Patience.until(
                    "it has another subtask",
                    () -> runsOneOfMany(
                            first,
                            scope,
                            () -> assertThat(Thread.currentThread().isInterrupted())
                                    .isFalse()));
            scope.join();
        }
    }

    @Test
    void aCancelStopsWhatRunsAndLeavesNoInterruptBehind() throws Exception {
        AtomicReference<Thread> thread = new AtomicReference<>();
        try (var scope = open()) {
            Subtask<Void> running = scope.fork(TaskKind.BLOCKING, () -> {
                thread.set(Thread.currentThread());
                return Patience.forever();
            });
            Patience.until("it runs", () -> thread.get() != null);
            running.cancel();
            scope.join();
            assertThat(running.state()).isEqualTo(State.CANCELLED);
        }
        assertThat(thread.get().isInterrupted()).isFalse();
        assertThat(thread.get().isAlive()).isTrue();
    }

    @Test
    void aDeadlineStopsWhatRuns() throws Exception {
        try (var scope = MixedScope.open(
                Joiner.awaitAll(), c -> c.withReusedThreads(true).withTimeout(Duration.ofMillis(50)))) {
            scope.fork(TaskKind.BLOCKING, () -> Patience.forever());
            assertThatThrownBy(scope::join).isInstanceOf(DeadlineExceededException.class);
        }
    }

    @Test
    void aFailureIsTheFailureOfItsSubtask() throws Exception {
        try (var scope = open()) {
            Subtask<Object> failing = scope.fork(TaskKind.BLOCKING, () -> {
                throw new IllegalStateException("no");
            });
            scope.join();
            assertThat(failing.state()).isEqualTo(State.FAILED);
            assertThat(failing.exception()).hasMessage("no");
        }
    }

    @Test
    void noMoreRunAtOnceThanAreAllowed() throws Exception {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        try (var scope = MixedScope.open(
                Joiner.awaitAll(), c -> c.withReusedThreads(true).withMaxConcurrent(TaskKind.BLOCKING, 2))) {
            List<Subtask<Void>> all = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                all.add(scope.fork(TaskKind.BLOCKING, () -> {
                    most.accumulateAndGet(running.incrementAndGet(), Math::max);
                    Thread.yield();
                    running.decrementAndGet();
                }));
            }
            scope.join();
            assertThat(all).allMatch(subtask -> subtask.state() == State.SUCCESS);
        }
        assertThat(most.get()).isBetween(1, 2);
    }

    @Test
    void aSubtaskForksInItsScopeAndOpensScopesOfItsOwn() throws Exception {
        try (var scope = open()) {
            Subtask<Object> outer = scope.fork(TaskKind.BLOCKING, () -> {
                Subtask<Object> sibling = scope.fork(TaskKind.BLOCKING, () -> "sibling");
                try (var inner = open()) {
                    Subtask<Object> child = inner.fork(TaskKind.IO, () -> "child");
                    inner.join();
                    return child.get() + " and " + sibling.await();
                }
            });
            scope.join();
            assertThat(outer.get()).isEqualTo("child and sibling");
        }
    }

    @Test
    void aScopeIsClosedOnlyWhenNoneOfItsSubtasksIsOnSuchAThread() throws Exception {
        Limiter shared = Limiter.of("shared", 1);
        for (int i = 0; i < 200; i++) {
            try (var scope = MixedScope.open(
                    Joiner.awaitAll(), c -> c.withReusedThreads(true).withLimiter(TaskKind.BLOCKING, shared))) {
                scope.fork(TaskKind.BLOCKING, () -> {});
                scope.join();
            }
            assertThat(shared.stats().inUse()).isZero();
        }
    }

    @Test
    void oneThatIsToBeAbandonedHasAThreadOfItsOwn() throws Exception {
        AtomicReference<Thread> thread = new AtomicReference<>();
        try (var scope = open()) {
            scope.withCancelPolicy(CancelPolicy.ABANDON).fork(TaskKind.BLOCKING, () -> {
                thread.set(Thread.currentThread());
                Patience.awaitDeaf(release);
            });
            Patience.until("it runs", () -> thread.get() != null);
            scope.cancel();
            scope.join();
        }
        release.countDown();
        assertThat(thread.get().join(Duration.ofSeconds(Patience.LIMIT_SECONDS)))
                .isTrue();
    }
}
