package com.example;

import static dev.loomscope.core.TaskKind.BLOCKING;
import static dev.loomscope.core.TaskKind.CPU;
import static dev.loomscope.core.TaskKind.IO;

import dev.loomscope.Joiner;
import dev.loomscope.MixedScope;
import dev.loomscope.ScopeFailedException;
import dev.loomscope.Subtask;
import dev.loomscope.core.ContextValue;
import dev.loomscope.process.ProcessPool;
import java.time.Duration;

/** An application that shares its JVM with others, with tasks of all kinds. Each method is called in a loader of its own. */
public final class Tenant {

    private static final ContextValue<String> USER = ContextValue.named("user");

    private Tenant() {}

    /** Threads only, with a deadline, a cancel, a failure, a continuation, daemons, reused threads and context. */
    public static void useThreads() throws Exception {
        USER.where("ann").call(() -> {
            for (boolean reused : new boolean[] {false, true}) {
                forkThreads(reused);
            }
            return null;
        });
    }

    private static void forkThreads(boolean reused) throws Exception {
        try (var scope =
                MixedScope.open(c -> c.withTimeout(Duration.ofMinutes(5)).withReusedThreads(reused))) {
            Subtask<String> io = scope.fork(IO, () -> "io");
            Subtask<String> blocking = scope.fork(BLOCKING, () -> "blocking");
            io.then(String::length);
            scope.forkDaemon(() -> Thread.sleep(Duration.ofMinutes(5)));
            scope.fork(() -> MixedScope.onCancel(() -> {}));
            scope.join();
            expect((io.get() + blocking.get()).equals("ioblocking"));
        }
        try (var scope = MixedScope.open(
                Joiner.awaitAll(), c -> c.withTimeout(Duration.ofMillis(50)).withReusedThreads(reused))) {
            scope.fork(BLOCKING, () -> Thread.sleep(Duration.ofMinutes(5)));
            scope.join();
        } catch (ScopeFailedException e) {
            // its deadline, as expected
        }
        try (var scope = MixedScope.open(c -> c.withReusedThreads(reused))) {
            scope.fork(BLOCKING, () -> {
                throw new IllegalStateException("as expected");
            });
            scope.join();
        } catch (ScopeFailedException e) {
            // as expected
        }
    }

    /** All kinds, in the shared pool, which is closed then. */
    public static void useAllKinds() throws Exception {
        useThreads();
        ProcessPool.configureShared(c -> c.withWorkers(1).withMaxHeapMiB(64).withListener(event -> {}));
        forkCpu();
        ProcessPool.closeShared();
    }

    /** All kinds, in the shared pool, which stays open with an idle worker. */
    public static void leaveSharedPool() throws Exception {
        useThreads();
        ProcessPool.configureShared(c -> c.withWorkers(1).withIdleTimeout(Duration.ofMillis(500)));
        forkCpu();
    }

    private static void forkCpu() throws Exception {
        try (var scope = MixedScope.open(c -> c.withTimeout(Duration.ofMinutes(5)))) {
            Subtask<Long> cpu = scope.fork(CPU, () -> ProcessHandle.current().pid());
            scope.join();
            expect(cpu.get() != ProcessHandle.current().pid());
        }
        try (var scope = MixedScope.open(c -> c.withTimeout(Duration.ofMillis(300)))) {
            scope.fork(CPU, () -> {
                while (true) {
                    Thread.onSpinWait();
                }
            });
            scope.join();
        } catch (ScopeFailedException e) {
            // its deadline, as expected
        }
    }

    private static void expect(boolean condition) {
        if (!condition) {
            throw new AssertionError("not as expected");
        }
    }
}
