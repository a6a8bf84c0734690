package dev.loomscope.process;

import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kills processes with all that they have started.
 *
 * <p>A process that goes on starting others would always be one ahead of a list of its descendants: where there are signals, it is
 * stopped first, then the descendants are killed until no new ones show up, then it is killed itself.
 */
final class ProcessTree {

    private static final Logger log = LoggerFactory.getLogger(ProcessTree.class);
    private static final int MAX_ROUNDS = 20;
    private static final Duration STOP_PATIENCE = Duration.ofMillis(500);

    private ProcessTree() {}

    /** Kills them. Returns when that has been asked for; the processes may take a moment to be gone. */
    static void kill(Collection<? extends Process> roots) {
        List<? extends Process> alive = roots.stream().filter(Process::isAlive).toList();
        if (alive.isEmpty()) {
            return;
        }
        stop(alive);
        killDescendants(alive.stream().map(Process::toHandle).toList());
        alive.forEach(Process::destroyForcibly);
    }

    /** Kills what these have started, until nothing new shows up. */
    static void killDescendants(Collection<ProcessHandle> roots) {
        Set<ProcessHandle> known = new HashSet<>();
        for (int round = 0; round < MAX_ROUNDS; round++) {
            List<ProcessHandle> fresh = roots.stream()
                    .flatMap(ProcessHandle::descendants)
                    .filter(known::add)
                    .toList();
            if (fresh.isEmpty()) {
                return;
            }
            fresh.forEach(ProcessHandle::destroyForcibly);
        }
    }

    // There is no signal but TERM and KILL in the JDK. Without a shell the processes are killed all the same, only less
    // thoroughly.
    private static void stop(Collection<? extends Process> processes) {
        String pids =
                processes.stream().map(process -> String.valueOf(process.pid())).collect(Collectors.joining(" "));
        List<String> command = List.of("/bin/sh", "-c", "kill -STOP " + pids);
        try {
            Process shell = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!shell.waitFor(STOP_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                shell.destroyForcibly();
            }
        } catch (IOException e) {
            log.debug("processes {} could not be stopped before they are killed", pids, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
