package dev.loomscope.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How a worker's process ended.
 *
 * @param code its exit code, -1 if it is not known to have ended
 * @param signal the name of the signal that seems to have ended it, from the code or from the crash file
 * @param crashFile the JVM's report of a native crash, null if there is none
 * @param outOfMemory whether the JVM says that it ended because the system gave it no memory
 * @param call who had called {@code System.exit} before, null if that is not known
 * @param stderrTail the last lines that it wrote to stderr
 * @param lastBegun the id of the task that it had begun last, as its {@link BegunMark} says
 */
record WorkerExit(
        int code,
        @Nullable String signal,
        @Nullable Path crashFile,
        boolean outOfMemory,
        @Nullable ExitCall call,
        String stderrTail,
        long lastBegun) {

    /** The exit code of a worker whose task has ended, but which cannot say how. */
    static final int CANNOT_REPLY = 87;

    /** Nothing is known. */
    static final WorkerExit UNKNOWN = new WorkerExit(-1, null, null, false, null, "", BegunMark.UNKNOWN);

    private static final int SIGNAL_BASE = 128;
    // By number, as Linux has them, but for those that hardly end a process or have another number elsewhere.
    private static final String[] SIGNALS =
            "- HUP INT QUIT ILL TRAP ABRT BUS FPE KILL - SEGV - PIPE ALRM TERM - - - - - - - - XCPU XFSZ - - - - - SYS"
                    .split(" ");
    private static final Map<String, String> SIGNAL_ADVICE = Map.of(
            "SIGXCPU", "The system sends it to a process that has used up its processor time: see ulimit -t.",
            "SIGSYS", "The system sends it to a process that makes a call which a filter (seccomp) forbids.");
    private static final Pattern CRASH_SIGNAL =
            Pattern.compile("^#\\s+(SIG[A-Z]+|Internal Error|EXCEPTION_\\w+)", Pattern.MULTILINE);
    private static final String NO_MEMORY = "insufficient memory for the Java Runtime Environment";
    private static final int CRASH_HEAD_BYTES = 4096;

    static WorkerExit of(Path crashFile, int code, @Nullable ExitCall call, String stderrTail, long lastBegun) {
        // The worker could have put anything there, for example a pipe that nobody writes to.
        if (!Files.isRegularFile(crashFile, LinkOption.NOFOLLOW_LINKS)) {
            boolean byItself = call != null && !call.hung(); // any exit code may be meant
            String signal = byItself ? null : signal(code);
            return new WorkerExit(code, signal, null, false, call, stderrTail, lastBegun);
        }
        String report = head(crashFile);
        Matcher named = CRASH_SIGNAL.matcher(report);
        String signal = named.find() ? named.group(1) : signal(code);
        return new WorkerExit(code, signal, crashFile, report.contains(NO_MEMORY), call, stderrTail, lastBegun);
    }

    /** Of a worker that has not come as far as to have a task. */
    static WorkerExit ofStart(int code, String stderrTail) {
        return new WorkerExit(code, signal(code), null, false, null, stderrTail, BegunMark.UNKNOWN);
    }

    private static @Nullable String signal(int code) {
        int number = code - SIGNAL_BASE;
        boolean known = number >= 1 && number < SIGNALS.length && !SIGNALS[number].equals("-");
        return known ? "SIG" + SIGNALS[number] : null;
    }

    // The exit code of a JVM that crashed in native code is 1 or that of SIGABRT; its report knows better.
    private static String head(Path crashFile) {
        try (var in = Files.newInputStream(crashFile)) {
            return new String(in.readNBytes(CRASH_HEAD_BYTES), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }

    /** Whether it cannot be excluded that this task had begun. */
    boolean mayHaveBegun(long taskId) {
        return lastBegun == taskId || lastBegun == BegunMark.UNKNOWN;
    }

    /** The end in a few words: {@code exit code 137, SIGKILL}. */
    String describe() {
        if (code < 0) {
            return "connection lost, process does not end";
        }
        if (call != null) {
            String end = call.hung() ? "killed, since its shutdown hooks did not end" : "exit code " + code;
            return "%s, System.exit in thread '%s'".formatted(end, call.thread());
        }
        return signal == null ? "exit code " + code : "exit code %s, %s".formatted(code, signal);
    }

    /** What somebody who reads of it should do next. */
    String advice(ProcessPoolConfig config) {
        if (outOfMemory) {
            return "The system gave its JVM no more memory outside the heap: %s, or raise what it allows. See %s."
                    .formatted(needLess(config), crashFile);
        }
        if (crashFile != null) {
            return "It crashed in native code: see %s.".formatted(crashFile);
        }
        if (call != null) {
            String where = call.stack().isEmpty()
                    ? "Where System.exit was called is not known"
                    : "Its cause has the stack of the call of System.exit";
            return "%s: let the code there return or throw instead%s."
                    .formatted(where, call.hung() ? ", and let no shutdown hook wait for ever" : "");
        }
        if (signal != null && LiveProcesses.isExiting()) {
            return ofShutdown();
        }
        if ("SIGKILL".equals(signal)) {
            return ("This JVM did not kill it; possibly the system did. If memory is short, %s. If processor time is limited"
                            + " (ulimit -t), raise that limit.")
                    .formatted(needLess(config));
        }
        if (code == CANNOT_REPLY) {
            return "It could not report how its task ended, most likely because it had no memory left: raise %s, or what else your JVM options bound."
                    .formatted(HeapBound.describe(config));
        }
        if (signal != null) {
            return SIGNAL_ADVICE.getOrDefault(signal, "Its task or another process sent it that signal.");
        }
        if (code < 0) {
            return "The system holds it, as in a read from a disk or network that does not answer.";
        }
        if (code == Lifeline.ORPHANED) {
            return "It lost its connection to this JVM, or could not understand what it was sent.";
        }
        return "Code in it called Runtime.halt, or its JVM gave up: let the code return or throw instead, or see what it printed.";
    }

    /** What to say of a signal during the shutdown of this JVM. */
    static String ofShutdown() {
        return "%s, and the signal probably belongs to that: a service manager may send it to each process."
                .formatted(Shutdown.REASON.replaceFirst("t", "T"));
    }

    private static String needLess(ProcessPoolConfig config) {
        return "lower withWorkers(%s) or %s".formatted(config.workers(), HeapBound.describe(config));
    }
}
