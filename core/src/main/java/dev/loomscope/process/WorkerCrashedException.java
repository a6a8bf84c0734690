package dev.loomscope.process;

import java.io.Serial;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The failure of the one task whose worker process ended under it. The pool replaces the worker when it is needed; other
 * tasks are not affected.
 *
 * <p>If something in the worker has called {@code System.exit}, the cause has the stack of that call.
 */
public final class WorkerCrashedException extends Exception {

    @Serial
    private static final long serialVersionUID = 1L;

    private final long pid;
    private final int exitCode;
    private final @Nullable String signal;
    private final boolean started;
    private final String stderrTail;
    private final @Nullable String crashFile;

    private WorkerCrashedException(String message, long pid, WorkerExit exit, boolean started) {
        super(message);
        this.pid = pid;
        this.exitCode = exit.code();
        this.signal = exit.signal();
        this.started = started;
        this.stderrTail = exit.stderrTail();
        this.crashFile = exit.crashFile() == null ? null : exit.crashFile().toString();
    }

    static WorkerCrashedException of(
            Worker worker, PoolJob<?> job, WorkerExit exit, ProcessPoolConfig config, String outlook) {
        String tail = exit.stderrTail().isEmpty() ? "" : " Its last words on stderr:\n" + exit.stderrTail();
        String message = "worker %s of pool '%s' crashed (%s) %s CPU task '%s'; %s. %s%s"
                .formatted(
                        worker,
                        config.name(),
                        isOurs(worker, exit) ? "killed by this JVM, " + exit.describe() : exit.describe(),
                        job.started ? "in" : "before it started",
                        job.name(),
                        outlook,
                        advice(worker, exit, config),
                        tail);
        WorkerCrashedException crash = new WorkerCrashedException(message, worker.pid(), exit, job.started);
        if (exit.call() != null) {
            crash.initCause(exit.call().toCause(worker.toString()));
        }
        return crash;
    }

    // Whether we have ended its process, for whatever reason, rather than its task or the system.
    private static boolean isOurs(Worker worker, WorkerExit exit) {
        return worker.breach() != null || (exit.call() == null && worker.reasonOfKill() != null);
    }

    /** What is said of the reason, and what to do next. */
    static String advice(Worker worker, WorkerExit exit, ProcessPoolConfig config) {
        String breach = worker.breach();
        if (breach != null) {
            return adviceAfter(breach);
        }
        if (!isOurs(worker, exit)) {
            return exit.advice(config);
        }
        boolean stoodStill = !worker.killReason.isEmpty() && !worker.killReason.equals(Shutdown.REASON);
        String question = stoodStill ? " It may have been stopped, or the machine may be overloaded." : "";
        return "The reason: %s.%s".formatted(worker.reasonOfKill(), question);
    }

    private static String adviceAfter(String breach) {
        return ("It did not keep to the protocol: %s. Code in it, of the task or of its input, has got hold of the channel to this"
                        + " JVM, or it runs another version of loom-scope: trust nothing that it did.")
                .formatted(breach);
    }

    /** The id of the process that ended. */
    public long pid() {
        return pid;
    }

    /** Its exit code; empty if its connection broke while the process could not be seen to end. */
    public OptionalInt exitCode() {
        return exitCode < 0 ? OptionalInt.empty() : OptionalInt.of(exitCode);
    }

    /**
     * The signal that ended it, for example {@code SIGKILL}, as far as its exit code and crash report tell: a program can also exit
     * with such a code by itself.
     */
    public Optional<String> signal() {
        return Optional.ofNullable(signal);
    }

    /** Whether the code of the task had started: if not, none of its effects happened, and it can be run again. */
    public boolean started() {
        return started;
    }

    /** The last lines that the process wrote to stderr; may be empty. */
    public String stderrTail() {
        return stderrTail;
    }

    /** The report that the JVM wrote of a crash in native code; empty if there is none. */
    public Optional<Path> crashFile() {
        return Optional.ofNullable(crashFile).map(Path::of);
    }
}
