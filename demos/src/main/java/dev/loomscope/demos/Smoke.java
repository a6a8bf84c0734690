package dev.loomscope.demos;

import static dev.loomscope.core.TaskKind.BLOCKING;
import static dev.loomscope.core.TaskKind.CPU;
import static dev.loomscope.core.TaskKind.IO;

import dev.loomscope.DeadlineExceededException;
import dev.loomscope.MixedScope;
import dev.loomscope.ScopeConfig;
import dev.loomscope.ScopeFailedException;
import dev.loomscope.Subtask;
import dev.loomscope.core.Cpu;
import dev.loomscope.process.ProcessPool;
import dev.loomscope.process.ProcessPoolConfig;
import java.time.Duration;

/** The three kinds, a failure and a kill in a second or two: shows that the jars work on a JDK. No arguments. */
public final class Smoke {

    private static final Duration TIMEOUT = Duration.ofMillis(300);
    private static final Duration JOIN_LIMIT = Duration.ofSeconds(5); // of a loop that never ends

    private Smoke() {}

    /** Runs the demo. */
    public static void main(String[] args) {
        Program.run(Smoke.class, Smoke::tell);
    }

    private static void tell() throws Exception {
        threeKinds();
        failure();
        kill();
        System.out.printf("SMOKE OK jdk=%s%n", Runtime.version());
    }

    private static void threeKinds() throws Exception {
        long here = ProcessHandle.current().pid();
        try (var scope = MixedScope.open()) {
            Subtask<Boolean> io = scope.fork(IO, () -> Thread.currentThread().isVirtual());
            Subtask<Boolean> blocking =
                    scope.fork(BLOCKING, () -> Thread.currentThread().isVirtual());
            Subtask<Long> cpu = scope.fork(CPU, () -> ProcessHandle.current().pid());
            Subtask<Long> annotated = scope.fork(Work::computeSome, 1000);
            scope.join();
            Program.check(io.get(), "IO runs on a virtual thread");
            Program.check(!blocking.get(), "BLOCKING runs on a platform thread");
            Program.check(cpu.get() != here, "CPU runs in another process than %d".formatted(here));
            Program.check(annotated.kind() == CPU, "@Cpu makes a task CPU, not " + annotated.kind());
            Program.check(annotated.get() == Work.computeSome(1000), "a worker computes what we compute");
            System.out.printf("kinds    virtual thread, platform thread, process %d beside %d%n", cpu.get(), here);
        }
    }

    private static void failure() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<Long> failing = scope.fork("failing", CPU, Smoke::fail);
            scope.join();
            throw new IllegalStateException("join has not thrown although a task failed: " + failing);
        } catch (ScopeFailedException e) {
            Throwable cause = e.getCause();
            boolean own = cause instanceof ArithmeticException && "on purpose".equals(cause.getMessage());
            Program.check(own, "the cause is what the task threw, not %s".formatted(cause));
            System.out.printf("failure  %s%n", e.getMessage());
        }
    }

    private static void kill() throws Exception {
        ProcessPoolConfig oneWorker =
                ProcessPoolConfig.defaults().withName("smoke").withWorkers(1);
        try (ProcessPool pool = ProcessPool.open(oneWorker)) {
            ScopeConfig config = ScopeConfig.defaults().withCpuBackend(pool);
            long pid = WorkerProcess.pid(config);
            long start = System.nanoTime();
            Duration joined = Duration.ZERO;
            try (var scope = MixedScope.open(config.withTimeout(TIMEOUT))) {
                scope.fork(Smoke::spin);
                try {
                    scope.join();
                    throw new IllegalStateException("join has not thrown although its deadline has passed");
                } catch (DeadlineExceededException e) {
                    joined = Duration.ofNanos(System.nanoTime() - start);
                }
            }
            Program.check(WorkerProcess.isGone(pid), "process %d is gone when close returns".formatted(pid));
            Program.check(joined.compareTo(JOIN_LIMIT) < 0, "join fails within 5 s, not in " + joined);
            long next = WorkerProcess.pid(config);
            Program.check(next != pid, "the next task runs in a fresh process, not in %d".formatted(pid));
            System.out.printf(
                    "kill     join failed after %d ms, process %d is gone, the next task ran in %d%n",
                    joined.toMillis(), pid, next);
        }
    }

    @Cpu
    private static void spin() {
        while (true) {
            Thread.onSpinWait();
        }
    }

    private static long fail() {
        throw new ArithmeticException("on purpose");
    }
}
