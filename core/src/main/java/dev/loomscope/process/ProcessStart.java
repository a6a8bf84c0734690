package dev.loomscope.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * When a process started, as a number that is compared and nothing else: systems give pids away again, so only pid and start
 * together say which process is meant.
 *
 * <p>On Linux it is what the kernel has, in ticks since the boot. What the JDK says there is a time of day: the ticks and the time of
 * the boot, which each JVM reads once; when the clock is set, or slowly corrected, two JVMs that started before and after mean
 * different times by it for the same process.
 */
final class ProcessStart {

    /** The system does not tell. */
    static final long UNKNOWN = 0;

    private static final Path PROC = Path.of("/proc");
    private static final boolean linux = Files.isReadable(statOf("self"));
    private static final int STATE = 0; // in the fields after the name
    private static final int START = 19;

    private ProcessStart() {}

    /** The pid of this process. Without a {@link ProcessHandle} where that can be: its first use starts threads. */
    static long ownPid() {
        try {
            if (linux) {
                return Long.parseLong(
                        Files.readSymbolicLink(PROC.resolve("self")).toString());
            }
        } catch (IOException | NumberFormatException e) {
            // somebody else's /proc
        }
        return ProcessHandle.current().pid();
    }

    /** Returns the start of the process with this pid, or {@link #UNKNOWN}. */
    static long of(long pid) {
        if (!linux) {
            return ProcessHandle.of(pid)
                    .flatMap(process -> process.info().startInstant())
                    .map(Instant::toEpochMilli)
                    .orElse(UNKNOWN);
        }
        try {
            return startIn(fields(pid));
        } catch (IOException e) {
            return UNKNOWN;
        }
    }

    /**
     * Whether the process with this pid and start is certainly gone. Who cannot look, for want of a descriptor say, does not know.
     *
     * @param start what {@link #of} has returned for it; if that was {@link #UNKNOWN}, whoever has the pid may be the one
     */
    static boolean isGone(long pid, long start) {
        if (!linux) {
            Optional<ProcessHandle> process = ProcessHandle.of(pid).filter(ProcessHandle::isAlive);
            return process.isEmpty() || isOther(start, of(pid));
        }
        try {
            return isOther(start, startIn(fields(pid)));
        } catch (NoSuchFileException e) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Whether the process with this pid has died, though nobody has asked for its exit code yet. A system may say the same of one
     * whose first thread has ended before the others.
     */
    static boolean isZombie(long pid) {
        try {
            return linux && fields(pid)[STATE].startsWith("Z");
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean isOther(long start, long seen) {
        return start != UNKNOWN && seen != UNKNOWN && start != seen;
    }

    private static long startIn(String[] fields) {
        return Long.parseLong(fields[START]);
    }

    // The second field is a name in parentheses, in which anything may be.
    private static String[] fields(long pid) throws IOException {
        String stat = Files.readString(statOf(String.valueOf(pid)), StandardCharsets.ISO_8859_1);
        String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ");
        if (fields.length <= START) {
            throw new IOException("what /proc says of process %s is cut off: '%s'".formatted(pid, stat));
        }
        return fields;
    }

    private static Path statOf(String process) {
        return PROC.resolve(process).resolve("stat");
    }
}
