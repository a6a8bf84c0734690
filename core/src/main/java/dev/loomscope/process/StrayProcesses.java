package dev.loomscope.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Processes that tasks of a worker have started and that are left when it ends. Their parent may be gone, and then nothing in the
 * tree of processes tells whose they are: so a worker has a mark in its environment, which all that it starts inherit.
 *
 * <p>That is as Jenkins does it. It works where the system shows the environment of a process as a file, as Linux does; elsewhere only
 * {@link ProcessTree} finds them. Who wants to leave a process behind removes the mark from its environment.
 */
final class StrayProcesses {

    /** The environment variable of the mark. */
    static final String VARIABLE = "LOOM_SCOPE_WORKER";

    private static final Path PROCESSES = Path.of("/proc");
    private static final int MAX_ROUNDS = 20;
    private static final int MAX_PAUSES = 4;
    private static final long PAUSE_NANOS = Duration.ofMillis(1).toNanos();
    private static final Duration NASCENT = Duration.ofSeconds(2);
    private static final Duration PATIENCE = Duration.ofMillis(500);

    private StrayProcesses() {}

    /** What a look at all processes has found. */
    private enum Found {
        NONE,
        /** One that has just been started, and has no environment yet: it may be about to run another program. */
        NASCENT,
        SOME
    }

    /** Kills all processes with one of these marks, except this one, and waits until they are gone; not for long. */
    static void killAndAwait(Set<String> marks) {
        Set<ProcessHandle> killed = kill(marks);
        boolean interrupted = Thread.interrupted();
        long end = System.nanoTime() + PATIENCE.toNanos();
        for (ProcessHandle process : killed) {
            while (!isSelf(process) && isThere(process) && System.nanoTime() - end < 0) {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Kills all processes with one of these marks, except this one, and returns what had one. */
    static Set<ProcessHandle> kill(Set<String> marks) {
        if (marks.isEmpty() || !Files.exists(PROCESSES.resolve("self/environ"))) {
            return Set.of();
        }
        Set<ProcessHandle> known = new HashSet<>();
        Found found = Found.SOME;
        int pauses = 0;
        for (int round = 0; round < MAX_ROUNDS && found != Found.NONE && pauses < MAX_PAUSES; round++) {
            found = killFresh(marks, known);
            if (found == Found.NASCENT) {
                pauses++;
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
        return known;
    }

    // If there were any, they may have started others in the meantime.
    private static Found killFresh(Set<String> marks, Set<ProcessHandle> known) {
        Found found = Found.NONE;
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(PROCESSES, "[0-9]*")) {
            for (Path entry : entries) {
                // The handle first: it is that of the process whose environment is read, or kills nobody.
                Optional<ProcessHandle> process =
                        ProcessHandle.of(Long.parseLong(entry.getFileName().toString()));
                if (process.isEmpty() || known.contains(process.get())) {
                    continue;
                }
                String environment = environment(entry);
                if (hasMark(environment, marks)) {
                    found = Found.SOME;
                    known.add(process.get());
                    killUnlessSelf(process.get());
                } else if (environment.isEmpty() && found == Found.NONE && isNascent(process.get())) {
                    found = Found.NASCENT;
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            log().debug("the processes of this machine cannot be listed", e);
        }
        return found;
    }

    // While a process becomes another program, it shows none for a moment. A kernel thread has none, nor a program.
    private static String environment(Path entry) {
        try {
            return Files.readString(entry.resolve("environ"), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "?"; // it is gone, or somebody else's
        }
    }

    private static boolean isNascent(ProcessHandle process) {
        ProcessHandle.Info info = process.info();
        Instant recently = Instant.now().minus(NASCENT);
        return info.command().isPresent()
                && info.startInstant().filter(recently::isBefore).isPresent();
    }

    private static boolean hasMark(String environment, Set<String> marks) {
        return environment.contains(VARIABLE)
                && marks.stream().anyMatch(mark -> ("\0" + environment).contains("\0" + variable(mark) + "\0"));
    }

    // Not a zombie either, which may stay until whoever has inherited it takes note.
    private static boolean isThere(ProcessHandle process) {
        if (!process.isAlive()) {
            return false;
        }
        try {
            String stat = Files.readString(
                    PROCESSES.resolve(String.valueOf(process.pid())).resolve("stat"), StandardCharsets.ISO_8859_1);
            return !stat.startsWith(" Z", stat.lastIndexOf(')') + 1);
        } catch (IOException e) {
            return false;
        }
    }

    private static String variable(String mark) {
        return VARIABLE + "=" + mark;
    }

    private static void killUnlessSelf(ProcessHandle process) {
        if (!isSelf(process)) {
            process.destroyForcibly();
            log().debug("process {}, which a task has left behind, is killed", process.pid());
        }
    }

    private static boolean isSelf(ProcessHandle process) {
        return process.pid() == ProcessHandle.current().pid();
    }

    // On demand: a worker uses this class too, and must not start the logging of its tasks for it.
    private static Logger log() {
        return LoggerFactory.getLogger(StrayProcesses.class);
    }
}
