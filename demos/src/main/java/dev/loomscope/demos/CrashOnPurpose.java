package dev.loomscope.demos;

import dev.loomscope.Joiner;
import dev.loomscope.MixedScope;
import dev.loomscope.ScopeConfig;
import dev.loomscope.Subtask;
import dev.loomscope.process.ProcessPool;
import dev.loomscope.process.ProcessPoolConfig;
import dev.loomscope.process.WorkerCrashedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Everything that can bring a process down, in tasks beside a task that goes on. No arguments. */
public final class CrashOnPurpose {

    private static final String ROW = "  %-19s %-53s %-8s %s%n";
    private static final int SIBLING_STEPS = 20_000_000;

    private final ScopeConfig config;
    private final long expected = Work.computeSome(SIBLING_STEPS);
    private final List<Throwable> seen = new ArrayList<>();

    private CrashOnPurpose(ScopeConfig config) {
        this.config = config;
    }

    /** Runs the demo. */
    public static void main(String[] args) {
        Program.run(CrashOnPurpose.class, CrashOnPurpose::tell);
    }

    private static void tell() throws Exception {
        ProcessPoolConfig small = ProcessPoolConfig.defaults()
                .withName("fragile")
                .withWorkers(2)
                .withMaxHeapMiB(64)
                .withJvmOptions(Crash.jvmOptions());
        System.out.printf("Each beside a sibling, both in workers with a heap of %d MiB%n%n", small.maxHeapMiB());
        System.out.printf(ROW, "what the task did", "what its caller sees", "sibling", "next task");
        try (ProcessPool pool = ProcessPool.open(small)) {
            CrashOnPurpose demo = new CrashOnPurpose(ScopeConfig.defaults().withCpuBackend(pool));
            for (Crash crash : Crash.values()) {
                demo.survive(crash);
            }
            System.out.printf("%nThe whole message of the first:%n%n");
            System.out.println(Terminal.wrapMessage(demo.seen.get(0), 98, "  "));
            System.out.printf("%nThis process survived all %d.%n", demo.seen.size());
        }
    }

    /** The story: one of two tasks crashes its process, and only its own handle knows. */
    private void survive(Crash crash) throws Exception {
        try (var scope = MixedScope.<Object, Void>open(Joiner.awaitAll(), config)) {
            Subtask<?> victim = scope.fork(Crash::happen, crash);
            Subtask<Long> sibling = scope.fork(Work::computeSome, SIBLING_STEPS);
            scope.join();
            Program.check(victim.state() == Subtask.State.FAILED, "%s fails".formatted(crash.label()));
            Program.check(
                    sibling.get() == expected, "the sibling of %s computes %d".formatted(crash.label(), expected));
            Program.check(nextTask() == expected, "the task after %s computes %d".formatted(crash.label(), expected));
            seen.add(victim.exception());
            System.out.printf(ROW, crash.label(), inShort(victim.exception()), "ok", "ok");
        }
    }

    private long nextTask() throws Exception {
        try (var scope = MixedScope.<Long>open(config)) {
            Subtask<Long> next = scope.fork(Work::computeSome, SIBLING_STEPS);
            scope.join();
            return next.get();
        }
    }

    private static String inShort(Throwable thrown) throws IOException {
        if (!(thrown instanceof WorkerCrashedException crash)) {
            Program.check(thrown instanceof VirtualMachineError, "a crash or an error of the JVM, not " + thrown);
            return "%s: its own error, sent back".formatted(thrown.getClass().getSimpleName());
        }
        if (crash.crashFile().isPresent()) { // the JVM's report: of use in an accident, but this was none
            Path report = crash.crashFile().get();
            Files.delete(report);
            Files.deleteIfExists(Objects.requireNonNull(report.getParent())); // its folder, which has nothing else
        }
        String signal = crash.signal().map(", "::concat).orElse("");
        return "WorkerCrashedException: exit code %d%s"
                .formatted(crash.exitCode().orElse(-1), signal);
    }
}
