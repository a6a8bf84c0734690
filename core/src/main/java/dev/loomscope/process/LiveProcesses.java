package dev.loomscope.process;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All worker processes of this JVM, so that none is alive when it exits: a shutdown hook ends them, which also keeps their pipes
 * from delaying the exit.
 */
final class LiveProcesses {

    private static final Logger log = LoggerFactory.getLogger(LiveProcesses.class);
    private static final Set<Process> processes = ConcurrentHashMap.newKeySet();
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(LiveProcesses::destroyAll, "loom-scope-shutdown"));
    }

    private static volatile boolean exiting; // set once, by the hook

    private LiveProcesses() {}

    /** Whether this JVM is about to exit: its workers end, and nobody needs new ones. */
    static boolean isExiting() {
        return exiting;
    }

    static void add(Process process) {
        processes.add(process);
        process.onExit().thenRun(() -> processes.remove(process));
        if (exiting) {
            process.destroyForcibly(); // it came too late for the hook
        }
    }

    /**
     * Ends a process with everything that it has started, and waits until it is gone.
     *
     * @return whether it is gone
     */
    static boolean destroy(Process process, Duration patience) {
        ProcessTree.kill(List.of(process));
        try {
            if (process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                return true;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return !process.isAlive();
    }

    private static void destroyAll() {
        exiting = true;
        ProcessTree.kill(processes);
        processes.forEach(process -> {
            if (!destroy(process, PATIENCE)) {
                log.error("worker process {} does not end although it was killed", process.pid());
            }
        });
    }
}
