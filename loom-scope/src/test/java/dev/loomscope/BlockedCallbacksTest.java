package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.core.Cpu;
import dev.loomscope.core.TaskKind;
import dev.loomscope.event.ScopeEvent;
import dev.loomscope.process.ProcessPool;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Code of users that blocks for ever when a CPU subtask starts, reports or ends holds up its own scope. The pool, its workers and other
 * scopes go on.
 */
@Timeout(60)
class BlockedCallbacksTest {

    private static final int BLOCKED = 4; // more than the pool has workers

    private static ProcessPool pool;
    private static volatile CountDownLatch release; // by the test
    private static volatile CountDownLatch blocked; // by the test

    @BeforeAll
    static void openPool() {
        pool = ProcessPool.open(c -> c.withName("callbacks").withWorkers(2).withAllowedResults("dev.loomscope.*"));
    }

    @AfterAll
    static void closePool() {
        pool.close();
    }

    @AfterEach
    void end() {
        release.countDown();
    }

    private static ScopeConfig config(ScopeConfig config) {
        return config.withCpuBackend(pool);
    }

    private static void block() {
        blocked.countDown();
        Patience.awaitDeaf(release);
    }

    /** Runs the code of a scope several times, each of which blocks, and meanwhile uses the pool. */
    private void othersGoOnWhile(Consumer<Integer> scope) throws Exception {
        release = new CountDownLatch(1);
        blocked = new CountDownLatch(BLOCKED);
        List<Thread> owners = java.util.stream.IntStream.range(0, BLOCKED)
                .mapToObj(i -> Thread.ofPlatform().daemon().start(() -> scope.accept(i)))
                .toList();
        Patience.await(blocked);
        for (int round = 0; round < 3; round++) {
            try (var others = MixedScope.open(Joiner.<Object>allSuccessfulOrThrow(), BlockedCallbacksTest::config)) {
                for (int i = 0; i < 8; i++) {
                    others.fork(TaskKind.CPU, () -> 42);
                    others.fork(TaskKind.CPU, () -> List.of("an", "object"));
                }
                assertThat(others.join()).hasSize(16);
            }
            try (var late = MixedScope.open(Joiner.awaitAll(), c -> config(c).withTimeout(Duration.ofMillis(50)))) {
                Subtask<Object> cut = late.fork(TaskKind.CPU, () -> {
                    Thread.sleep(Duration.ofMinutes(1));
                    return null;
                });
                try {
                    late.join();
                } catch (DeadlineExceededException e) {
                    assertThat(cut.state()).isEqualTo(Subtask.State.CANCELLED);
                }
            }
        }
        release.countDown();
        for (Thread owner : owners) {
            owner.join();
        }
    }

    private static void run(Joiner<Object, ?> joiner, java.util.function.UnaryOperator<ScopeConfig> more) {
        try (var scope = MixedScope.open(joiner, c -> more.apply(config(c)))) {
            scope.fork(TaskKind.CPU, () -> 1);
            scope.join();
        } catch (InterruptedException | ScopeFailedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void joinerThatBlocks() throws Exception {
        othersGoOnWhile(i -> run(
                Joiner.allUntil(subtask -> {
                    block();
                    return false;
                }),
                c -> c));
    }

    @Test
    void listenerThatBlocksAtTheStart() throws Exception {
        othersGoOnWhile(i -> run(
                Joiner.awaitAll(),
                c -> c.withListener(event -> {
                    if (event instanceof ScopeEvent.SubtaskStarted) {
                        block();
                    }
                })));
    }

    @Test
    void listenerThatBlocksAtTheEnd() throws Exception {
        othersGoOnWhile(i -> run(
                Joiner.awaitAll(),
                c -> c.withListener(event -> {
                    if (event instanceof ScopeEvent.SubtaskFinished) {
                        block();
                    }
                })));
    }

    /** An object that blocks while it is read in this JVM, and while it is written here. */
    private static final class Blocking implements Serializable {
        private static final long serialVersionUID = 1L;

        private void readObject(ObjectInputStream in) {
            if (release != null) { // not in the worker
                block();
            }
        }

        private void writeObject(ObjectOutputStream out) {
            if (release != null) {
                block();
            }
        }
    }

    @Test
    void resultThatBlocksWhileItIsRead() throws Exception {
        othersGoOnWhile(i -> {
            try (var scope = MixedScope.open(BlockedCallbacksTest::config)) {
                scope.fork(TaskKind.CPU, Blocking::new);
                scope.join();
            } catch (InterruptedException | ScopeFailedException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    @Cpu
    private static int use(Object argument) {
        return 1;
    }

    /** What a subtask returns is the argument of its continuation, and is written when that starts. */
    @Test
    void continuationWhoseArgumentBlocksWhileItIsWritten() throws Exception {
        othersGoOnWhile(i -> {
            try (var scope = MixedScope.open(BlockedCallbacksTest::config)) {
                scope.fork(TaskKind.CPU, () -> 1)
                        .then(BlockedCallbacksTest::wrap)
                        .then(BlockedCallbacksTest::use);
                scope.join();
            } catch (InterruptedException | ScopeFailedException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    @dev.loomscope.core.Io
    private static Object wrap(int number) {
        return new Blocking();
    }

    /** The permit of one scope goes to a subtask of another one, whose listener blocks: not on the thread that reads from a worker. */
    @Test
    void listenerThatBlocksWhenAnotherScopeFreesThePermit() throws Exception {
        release = new CountDownLatch(1);
        blocked = new CountDownLatch(1);
        Limiter shared = Limiter.of("shared", 1);
        CountDownLatch cancelling = new CountDownLatch(1);
        Thread owner = Thread.ofPlatform().daemon().start(() -> {
            try (var scope = MixedScope.open(
                    Joiner.awaitAll(),
                    c -> config(c).withLimiter(TaskKind.CPU, shared).withListener(event -> {
                        if (event instanceof ScopeEvent.ScopeCancelled) {
                            cancelling.countDown();
                            block();
                        } else if (event instanceof ScopeEvent.SubtaskCancelled) {
                            block();
                        }
                    }))) {
                Patience.until("the permit is in use", () -> shared.stats().inUse() == 1);
                scope.fork(TaskKind.CPU, () -> 1);
                scope.cancel("on purpose");
                scope.join();
            } catch (InterruptedException | ScopeFailedException e) {
                throw new IllegalStateException(e);
            }
        });
        try (var scope = MixedScope.open(c -> config(c).withLimiter(TaskKind.CPU, shared))) {
            scope.fork(TaskKind.CPU, () -> {
                Thread.sleep(300);
                return 1;
            });
            Patience.await(cancelling);
            scope.join();
        }
        try (var others = MixedScope.open(BlockedCallbacksTest::config)) {
            others.fork(TaskKind.CPU, () -> 42);
            others.join();
        }
        release.countDown();
        owner.join();
    }
}
