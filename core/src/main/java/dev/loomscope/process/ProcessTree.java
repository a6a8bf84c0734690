package dev.loomscope.process;

import java.io.File;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kills processes with all that they have started: first the descendants, while it is known whose they are, then the process
 * itself, then what it has started in between.
 *
 * <p>A process that goes on starting others would always be one ahead of a list of its descendants. If new ones show up after those
 * on the first list were killed, it is stopped before the rest is done, where there are signals.
 */
final class ProcessTree {

    private static final int MAX_ROUNDS = 20;
    private static final Duration STOP_PATIENCE = Duration.ofMillis(500);

    private ProcessTree() {}

    /** Kills them. Returns when that has been asked for; the processes may take a moment to be gone. */
    static void kill(Collection<? extends Process> roots) {
        List<? extends Process> alive = roots.stream().filter(Process::isAlive).toList();
        if (alive.isEmpty()) {
            return;
        }
        List<ProcessHandle> handles = alive.stream().map(Process::toHandle).toList();
        Set<ProcessHandle> known = new HashSet<>();
        try {
            boolean some = killFresh(handles, known, process -> true);
            boolean more = some && killFresh(handles, known, process -> true);
            if (more) {
                stop(alive);
                killUntilNoneIsFresh(handles, known, process -> true);
            }
        } finally {
            alive.forEach(Process::destroyForcibly); // also if we had no descriptor or memory for the rest
        }
        killUntilNoneIsFresh(
                handles, known, process -> true); // a JVM takes a moment to die, until which its children are known
    }

    /** Kills what these have started, until nothing new shows up, except the process {@code spared} and its children. */
    static void killDescendants(Collection<ProcessHandle> roots, long spared) {
        killUntilNoneIsFresh(roots, new HashSet<>(), process -> process.pid() != spared && !isChildOf(spared, process));
    }

    private static boolean isChildOf(long parent, ProcessHandle process) {
        return process.parent().filter(other -> other.pid() == parent).isPresent();
    }

    private static void killUntilNoneIsFresh(
            Collection<ProcessHandle> roots, Set<ProcessHandle> known, Predicate<ProcessHandle> which) {
        for (int round = 0; round < MAX_ROUNDS; round++) {
            if (!killFresh(roots, known, which)) {
                return;
            }
        }
    }

    // Whether there were any.
    private static boolean killFresh(
            Collection<ProcessHandle> roots, Set<ProcessHandle> known, Predicate<ProcessHandle> which) {
        List<ProcessHandle> fresh;
        try {
            fresh = roots.stream()
                    .flatMap(ProcessHandle::descendants)
                    .filter(process -> known.add(process) && which.test(process))
                    .toList();
        } catch (RuntimeException e) { // there is no descriptor left to look with
            log().warn("it is not known what these processes have started, only they are killed: {}", roots, e);
            return false;
        }
        fresh.forEach(ProcessHandle::destroyForcibly);
        return !fresh.isEmpty();
    }

    /**
     * Stops processes that are about to be killed. Whoever is stopped does not see that its parent dies, and we can be killed at any
     * moment: so a process of its own kills them within a second, whatever becomes of us. That is short enough for no pid to be given
     * away again.
     *
     * <p>There is no signal but TERM and KILL in the JDK. Without a shell nothing is stopped.
     */
    static void stop(Collection<? extends Process> processes) {
        String pids =
                processes.stream().map(process -> String.valueOf(process.pid())).collect(Collectors.joining(" "));
        String watchdog = "(trap '' HUP INT TERM; sleep 1; kill -KILL %s) &".formatted(pids);
        List<String> command = List.of("/bin/sh", "-c", "%s kill -STOP %s".formatted(watchdog, pids));
        try {
            Descriptors.ensureEnough();
            Process shell = new ProcessBuilder(command)
                    .redirectInput(new File("/dev/null"))
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!shell.waitFor(STOP_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                log().debug("processes {} take long to be stopped", pids);
            }
        } catch (IOException | OutOfMemoryError e) { // the latter if there are no more threads
            log().debug("processes {} could not be stopped before they are killed", pids, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // On demand: a worker uses this class too, and must not start the logging of its tasks for it.
    private static Logger log() {
        return LoggerFactory.getLogger(ProcessTree.class);
    }
}
