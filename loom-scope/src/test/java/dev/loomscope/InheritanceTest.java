package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.core.Blocking;
import dev.loomscope.core.Cpu;
import dev.loomscope.core.Io;
import dev.loomscope.core.TaskKind;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Subtasks inherit from the thread that forks them, at the time of the fork, whatever they wait for before they run. */
class InheritanceTest {

    private static final InheritableThreadLocal<String> IDENTITY = new InheritableThreadLocal<>();

    private final ClassLoader original = Thread.currentThread().getContextClassLoader();
    private final ConcurrentLinkedQueue<String> seen = new ConcurrentLinkedQueue<>();
    private final CountDownLatch release = new CountDownLatch(1);

    @AfterEach
    void restore() {
        release.countDown();
        IDENTITY.remove();
        Thread.currentThread().setContextClassLoader(original);
    }

    /** A class loader by whose name a test finds it again. */
    private static final class NamedLoader extends URLClassLoader {
        NamedLoader(String name) {
            super(name, new URL[0], InheritanceTest.class.getClassLoader());
        }
    }

    private static void become(String who) {
        IDENTITY.set(who);
        Thread.currentThread().setContextClassLoader(new NamedLoader(who));
    }

    private static String identity() {
        return IDENTITY.get() + " " + loader();
    }

    private static String loader() {
        return Thread.currentThread().getContextClassLoader().getName();
    }

    private void look() {
        seen.add(identity());
    }

    @ParameterizedTest
    @EnumSource(
            value = TaskKind.class,
            names = {"IO", "BLOCKING"})
    void subtasksThatWaitForAPermitInheritFromTheirFork(TaskKind kind) throws Exception {
        become("A");
        try (var scope = MixedScope.open(c -> c.withMaxConcurrent(kind, 2))) {
            become("B");
            for (int i = 0; i < 5; i++) {
                scope.fork(kind, () -> {
                    Patience.await(release);
                    look();
                });
            }
            become("C");
            release.countDown();
            scope.join();
        }
        assertThat(seen).hasSize(5).containsOnly("B B");
    }

    @ParameterizedTest
    @EnumSource(
            value = TaskKind.class,
            names = {"IO", "BLOCKING"})
    void subtasksOfASharedLimiterInheritFromTheirFork(TaskKind kind) throws Exception {
        become("A");
        Limiter shared = Limiter.of("shared", 1);
        try (var scope = MixedScope.open(c -> c.withLimiter(kind, shared))) {
            for (String who : List.of("B", "C", "D")) {
                become(who);
                scope.fork(kind, this::look);
            }
            become("E");
            scope.join();
        }
        assertThat(seen).containsExactly("B B", "C C", "D D");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 64})
    void subtasksOnReusedThreadsHaveTheClassLoaderOfTheirForkAndInheritNothingElse(int atOnce) throws Exception {
        become("A");
        try (var scope = MixedScope.open(c -> c.withReusedThreads(true).withMaxConcurrent(TaskKind.BLOCKING, atOnce))) {
            for (int i = 0; i < 5; i++) {
                become("B" + i);
                scope.fork(TaskKind.BLOCKING, this::look);
                become("C");
            }
            scope.join();
        }
        assertThat(seen)
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(0, 5).mapToObj(i -> "null B" + i).toList());
    }

    @ParameterizedTest
    @EnumSource(
            value = TaskKind.class,
            names = {"IO", "BLOCKING"})
    void abandonableAndDaemonSubtasksInheritFromTheirFork(TaskKind kind) throws Exception {
        become("A");
        try (var scope = MixedScope.open(c -> c.withMaxConcurrent(kind, 1))) {
            become("B");
            scope.fork(kind, () -> Patience.await(release));
            if (kind == TaskKind.BLOCKING) {
                scope.withCancelPolicy(CancelPolicy.ABANDON).fork(kind, this::look);
            }
            Subtask<Void> daemon = scope.asDaemons().fork(kind, this::look);
            become("C");
            release.countDown();
            daemon.await();
            scope.join();
        }
        assertThat(seen).isNotEmpty().containsOnly("B B");
    }

    @ParameterizedTest
    @EnumSource(
            value = TaskKind.class,
            names = {"IO", "BLOCKING"})
    void forksBySubtasksInheritFromTheSubtask(TaskKind kind) throws Exception {
        become("A");
        try (var scope = MixedScope.open()) {
            become("B");
            for (TaskKind inner : List.of(TaskKind.IO, TaskKind.BLOCKING)) {
                scope.fork(kind, () -> {
                    become("S");
                    scope.fork(inner, this::look);
                    become("T");
                });
            }
            become("C");
            scope.join();
        }
        assertThat(seen).hasSize(2).containsOnly("S S");
    }

    @ParameterizedTest
    @EnumSource(
            value = TaskKind.class,
            names = {"IO", "BLOCKING"})
    void forksByReusedAndAbandonableThreadsInheritFromTheForkingThread(TaskKind inner) throws Exception {
        List<String> forked = new ArrayList<>();
        for (CancelPolicy policy : List.of(CancelPolicy.INTERRUPT, CancelPolicy.ABANDON)) {
            try (var scope = MixedScope.open(c -> c.withReusedThreads(true).withBlockingCancelPolicy(policy))) {
                scope.fork(TaskKind.BLOCKING, () -> {
                    become("S" + policy);
                    scope.fork(inner, this::look);
                    IDENTITY.remove();
                });
                scope.join();
            }
            boolean reused = inner == TaskKind.BLOCKING && policy == CancelPolicy.INTERRUPT;
            forked.add((reused ? "null" : "S" + policy) + " S" + policy);
        }
        assertThat(seen).containsExactlyElementsOf(forked);
    }

    @Io
    private static String lookOnIo(Object before) {
        return identity();
    }

    @Blocking
    private static String lookOnBlocking(Object before) {
        return identity();
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void continuationsInheritFromTheThreadThatAskedForThem(TaskKind first) throws Exception {
        become("A");
        try (var scope = MixedScope.open(Joiner.<Object>allSuccessfulOrThrow())) {
            become("B");
            Subtask<String> before = scope.fork(first, () -> "before");
            become("C");
            Subtask<String> io = before.then(InheritanceTest::lookOnIo);
            become("D");
            Subtask<String> blocking = before.then(InheritanceTest::lookOnBlocking);
            become("E");
            before.await();
            Subtask<String> late = before.then(InheritanceTest::lookOnBlocking);
            become("F");
            scope.join();
            assertThat(List.of(io.get(), blocking.get(), late.get())).containsExactly("C C", "D D", "E E");
        }
    }

    @Test
    void continuationsOnReusedThreadsHaveTheClassLoaderOfTheThreadThatAskedForThem() throws Exception {
        become("A");
        try (var scope = MixedScope.open(Joiner.<Object>allSuccessfulOrThrow(), c -> c.withReusedThreads(true))) {
            become("B");
            Subtask<String> before = scope.fork(TaskKind.IO, () -> {
                Patience.await(release);
                return "before";
            });
            become("C");
            Subtask<String> blocking = before.then(InheritanceTest::lookOnBlocking);
            become("D");
            release.countDown();
            scope.join();
            assertThat(blocking.get()).isEqualTo("null C");
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = TaskKind.class,
            names = {"IO", "BLOCKING"})
    void mapAndForEachInheritFromTheirCaller(TaskKind kind) throws Exception {
        become("A");
        try (var scope = MixedScope.open()) {
            become("B");
            List<String> mapped = scope.map(kind, 2, List.of(1, 2, 3, 4, 5), item -> identity());
            scope.forEach(kind, 2, List.of(1, 2, 3, 4, 5), item -> look());
            scope.join();
            assertThat(mapped).hasSize(5).containsOnly("B B");
        }
        assertThat(seen).hasSize(5).containsOnly("B B");
    }

    @Test
    void startedSubtasksInheritFromTheirCaller() throws Exception {
        become("A");
        try (var scope = MixedScope.open()) {
            become("B");
            Started<String> started = scope.<String>start(TaskKind.BLOCKING, ready -> ready.started(identity()));
            assertThat(started.value()).isEqualTo("B B");
            scope.join();
        }
    }

    /** An object that looks at the class loader while it is deserialized in this JVM. */
    private static final class Looking implements java.io.Serializable {
        private static final long serialVersionUID = 1L;
        private transient String loader = "";

        private Object readResolve() {
            loader = loader();
            return this;
        }
    }

    @Cpu
    private static Looking lookWhileRead() {
        return new Looking();
    }

    @Test
    void resultsOfCpuSubtasksAreReadWithTheClassLoaderOfTheirFork() throws Exception {
        become("A");
        try (var scope = MixedScope.open(Joiner.<Looking>allSuccessfulOrThrow())) {
            become("B");
            Subtask<Looking> subtask = scope.fork(InheritanceTest::lookWhileRead);
            become("C");
            scope.join();
            assertThat(subtask.get().loader).isEqualTo("B");
        }
    }

    @Test
    void hooksHaveTheClassLoaderOfTheThreadThatAddedThem() throws Exception {
        become("A");
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            become("B");
            CountDownLatch ran = new CountDownLatch(1);
            MixedScope.onCancel(() -> {
                seen.add(loader());
                ran.countDown();
            });
            become("C");
            scope.cancel("on purpose");
            Patience.await(ran);
            scope.join();
        }
        assertThat(seen).containsExactly("B");
    }

    @Test
    void reusedThreadKeepsNothingOfTheClassLoaderThatATaskHasSet() throws Exception {
        Callable<String> set = () -> {
            become("task");
            IDENTITY.remove();
            return Thread.currentThread().getName();
        };
        try (var scope = MixedScope.open(c -> c.withReusedThreads(true))) {
            become("B");
            scope.fork(TaskKind.BLOCKING, set).await();
            assertThat(scope.fork(TaskKind.BLOCKING, InheritanceTest::identity).await())
                    .isEqualTo("null B");
            scope.join();
        }
    }

    /** What a subtask would inherit may throw while it is copied: its fork fails, and nothing of it is left. */
    @ParameterizedTest
    @EnumSource(CancelPolicy.class)
    void forkWhoseInheritanceThrowsLeavesNoSubtaskAndNoPermit(CancelPolicy policy) throws Exception {
        InheritableThreadLocal<String> refusing = new InheritableThreadLocal<>() {
            @Override
            protected String childValue(String parentValue) {
                throw new IllegalStateException("not to be inherited");
            }
        };
        Limiter shared = Limiter.of("shared", 1);
        refusing.set("set");
        try (var scope = MixedScope.open(
                Joiner.awaitAll(), c -> c.withBlockingCancelPolicy(policy).withLimiter(TaskKind.BLOCKING, shared))) {
            assertThatThrownBy(() -> scope.fork(TaskKind.BLOCKING, () -> 1)).hasMessage("not to be inherited");
            refusing.remove();
            scope.fork(TaskKind.IO, () -> {
                refusing.set("set");
                assertThatThrownBy(() -> scope.fork(TaskKind.IO, () -> 1)).hasMessage("not to be inherited");
                refusing.remove();
            });
            scope.join();
        } finally {
            refusing.remove();
        }
        assertThat(shared.stats().inUse()).isZero();
    }
}
