package dev.loomscope.demos;

import dev.loomscope.DeadlineExceededException;
import dev.loomscope.MixedScope;
import dev.loomscope.ScopeConfig;
import dev.loomscope.Subtask;
import dev.loomscope.process.ProcessPool;
import dev.loomscope.process.ProcessPoolConfig;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A catastrophic regular expression under a deadline: on a thread nothing can stop it, in a worker process the deadline holds.
 *
 * <p>Arguments: {@code --match-ms} for how long the match shall take at least, {@code --deadline-ms}.
 */
public final class RegexDeadline {

    private static final List<String> OPTIONS = List.of("match-ms", "deadline-ms");

    private RegexDeadline() {}

    /** Runs the demo. */
    public static void main(String[] args) {
        Program.run(RegexDeadline.class, () -> tell(Options.parse(List.of(args), OPTIONS)));
    }

    private static void tell(Options options) throws Exception {
        Duration deadline = Duration.ofMillis(options.number("deadline-ms", 500));
        int length = EvilRegex.lengthFor(Duration.ofMillis(options.number("match-ms", 2000)));
        System.out.printf("Does a line of %d letters match %s ?%n", length, EvilRegex.DOUBLED_WORD);
        System.out.printf("Each further letter doubles the time. The deadline is %d ms.%n%n", deadline.toMillis());
        long thread = onThread(EvilRegex.line(length), deadline);
        long scope = inScope(EvilRegex.line(length), deadline);
        System.out.printf(
                "%nThe caller was free again after %d ms with the thread, %d ms with the scope.%n", thread, scope);
        Program.check(scope < thread, "the scope is free before the thread is");
    }

    /** The caller gives up in time, but the computation does not, and close has to wait for it. */
    private static long onThread(String line, Duration deadline) throws Exception {
        System.out.println("On a thread");
        long start = System.nanoTime();
        try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
            Future<Boolean> match = executor.submit(() -> EvilRegex.matches(line));
            try {
                match.get(deadline.toMillis(), TimeUnit.MILLISECONDS);
                throw new IllegalStateException("the match ended before its deadline: raise --match-ms");
            } catch (TimeoutException e) {
                match.cancel(true);
                System.out.printf("  after %4d ms  the deadline passes, and the thread is interrupted%n", since(start));
            }
        }
        System.out.printf("  after %4d ms  the thread is free: the match had to come to its end%n%n", since(start));
        return since(start);
    }

    /** The same deadline, and the process that computed is gone. */
    private static long inScope(String line, Duration deadline) throws Exception {
        System.out.println("In a scope, as CPU");
        ProcessPoolConfig oneWorker =
                ProcessPoolConfig.defaults().withName("regex").withWorkers(1);
        try (ProcessPool pool = ProcessPool.open(oneWorker)) {
            ScopeConfig config = ScopeConfig.defaults().withCpuBackend(pool);
            long pid = WorkerProcess.pid(config); // also starts the worker, before the clock runs
            long start = System.nanoTime();
            try {
                matches(line, config.withTimeout(deadline));
                throw new IllegalStateException("the match ended before its deadline: raise --match-ms");
            } catch (DeadlineExceededException e) {
                long free = since(start);
                System.out.printf("  after %4d ms  join has thrown a DeadlineExceededException:%n", free);
                System.out.println(Terminal.wrapMessage(e, 98, " ".repeat(17)));
                Program.check(WorkerProcess.isGone(pid), "the worker, process %d, is gone".formatted(pid));
                System.out.printf("                 and the worker, process %d, is gone%n", pid);
                boolean doubled = matches("once again again", config);
                System.out.printf(
                        "  after %4d ms  the next match is done, in a new worker: %s%n", since(start), doubled);
                return free;
            }
        }
    }

    private static boolean matches(String line, ScopeConfig config) throws Exception {
        try (var scope = MixedScope.<Boolean>open(config)) {
            Subtask<Boolean> match = scope.fork(EvilRegex::matches, line);
            scope.join();
            return match.get();
        }
    }

    private static long since(long start) {
        return (System.nanoTime() - start) / 1_000_000;
    }
}
