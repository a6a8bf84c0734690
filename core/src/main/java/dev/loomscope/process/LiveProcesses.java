package dev.loomscope.process;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All worker processes of this JVM, so that none is alive when it exits: its {@linkplain Shutdown shutdown} ends them, which also keeps
 * their pipes from delaying the exit.
 */
final class LiveProcesses {

    private static final Logger log = LoggerFactory.getLogger(LiveProcesses.class);
    private static final Map<Process, WorkerFolder> processes = new ConcurrentHashMap<>();
    private static final ReadWriteLock starts = new ReentrantReadWriteLock(); // read: a start; write: the exit
    private static final int LOOKS = 50;
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private static final ProcessGuard guard = new ProcessGuard();

    private static volatile boolean ended; // set once, by the shutdown hook

    private LiveProcesses() {}

    /** Whether this JVM is about to exit: tasks in flight may go on, and nothing is started ahead of need. */
    static boolean isExiting() {
        return Shutdown.hasBegun();
    }

    /**
     * Starts a process that this JVM does not leave behind, nor the worker's folder. When it has ended, {@link #forget} it.
     *
     * @throws IOException if it cannot be started, or this JVM has ended all others because it exits
     * @throws OutOfMemoryError if there is no thread to wait for its exit
     */
    static Process start(ProcessBuilder builder, WorkerFolder folder) throws IOException {
        starts.readLock().lock();
        try {
            if (ended) {
                throw new IOException(Shutdown.REASON);
            }
            Process process = startGuarded(builder);
            processes.put(process, folder);
            if (isExiting()) {
                folder.deleteAtExit(); // the hook may have ended
            }
            return process;
        } finally {
            starts.readLock().unlock();
        }
    }

    private static Process startGuarded(ProcessBuilder builder) throws IOException {
        guard.enter();
        boolean started = false;
        try {
            Process process = startKnown(builder);
            started = true;
            return process;
        } finally {
            if (!started) {
                guard.leave();
            }
        }
    }

    // Without a thread that waits for its exit, the JDK throws after it has started the process: nobody would know it.
    private static Process startKnown(ProcessBuilder builder) throws IOException {
        Descriptors.ensureEnough();
        try {
            return builder.start();
        } catch (OutOfMemoryError e) {
            String unique = builder.command().getLast(); // the argument file; what stands before it may run as another
            ProcessHandle.current()
                    .children()
                    .filter(child -> processes.keySet().stream().noneMatch(known -> known.pid() == child.pid()))
                    .filter(child -> child.info()
                            .arguments()
                            .filter(arguments -> List.of(arguments).contains(unique))
                            .isPresent())
                    .forEach(ProcessHandle::destroyForcibly);
            throw e;
        }
    }

    /** A process has ended. */
    static void forget(Process process) {
        if (processes.remove(process) != null) {
            guard.leave();
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
            for (int look = 0; look < LOOKS; look++) {
                if (process.waitFor(patience.toNanos() / LOOKS, TimeUnit.NANOSECONDS)) {
                    return true;
                }
                // Without a descriptor to look at it first, the JDK kills nobody and says nothing.
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return !process.isAlive();
    }

    /** Lets the exit of this JVM delete the folders of all, whose workers may outlive it by a moment. */
    static void deleteFoldersAtExit() {
        processes.values().forEach(WorkerFolder::deleteAtExit);
    }

    /** Ends all, waits until they are gone, deletes their folders, and lets no other start. */
    static void destroyAll() {
        ended = true;
        awaitStarts();
        Set<String> marks = processes.values().stream().map(WorkerFolder::mark).collect(Collectors.toSet());
        ProcessTree.kill(processes.keySet());
        processes.forEach((process, folder) -> {
            if (!destroy(process, PATIENCE)) {
                log.error(
                        "worker process {} has not ended {} ms after it was killed; this JVM exits without it. The system holds it,"
                                + " as in a read from a disk or network that does not answer: see ps -o stat,wchan -p {}",
                        process.pid(),
                        PATIENCE.toMillis(),
                        process.pid());
            }
            folder.delete();
        });
        StrayProcesses.killAndAwait(marks);
    }

    // A process that is just being started is not in the set yet; who comes later sees that this JVM exits.
    private static void awaitStarts() {
        try {
            if (starts.writeLock().tryLock(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                starts.writeLock().unlock();
            } else {
                log.warn("a worker process was still being started when this JVM exited");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
