package dev.loomscope.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Ends a worker when its parent is gone, whatever its task is doing. Two watches, since either can fail: the end of stdin comes at
 * once, but a process that a task has started natively may hold the pipe open; the parent's pid is looked at twice a second.
 */
final class Lifeline {

    private static final Duration INTERVAL = Duration.ofMillis(500);
    private static final int ORPHANED = 86; // nobody is left to read it

    private Lifeline() {}

    static void watch(InputStream stdin, WorkerBootstrap bootstrap) {
        Thread.Builder.OfPlatform threads = Thread.ofPlatform().daemon();
        threads.name("loom-scope-lifeline").start(() -> {
            drain(stdin);
            leave();
        });
        threads.name("loom-scope-parent-watch").start(() -> {
            while (mayBeAlive(bootstrap)) {
                pause();
            }
            leave();
        });
    }

    /** Ends this process at once: no shutdown hook of a task may delay it. */
    static void leave() {
        try {
            ProcessTree.killDescendants(List.of(ProcessHandle.current()));
            String mark = System.getenv(StrayProcesses.VARIABLE);
            StrayProcesses.kill(mark == null ? Set.of() : Set.of(mark));
        } finally {
            Runtime.getRuntime().halt(ORPHANED); // also when a task has left no memory for the line above
        }
    }

    private static void drain(InputStream stdin) {
        try {
            stdin.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            // as good as its end
        }
    }

    private static boolean mayBeAlive(WorkerBootstrap bootstrap) {
        try {
            return isAlive(bootstrap);
        } catch (OutOfMemoryError e) {
            return true; // a task has left no memory to look with: the next look may have it
        }
    }

    private static boolean isAlive(WorkerBootstrap bootstrap) {
        Optional<ProcessHandle> parent = ProcessHandle.of(bootstrap.parentPid()).filter(ProcessHandle::isAlive);
        return parent.isPresent()
                && (bootstrap.parentStart() == 0 || WorkerBootstrap.startOf(parent.get()) == bootstrap.parentStart());
    }

    private static void pause() {
        try {
            Thread.sleep(INTERVAL);
        } catch (InterruptedException e) {
            // a task that interrupts all threads it can find does not end the watch
        }
    }
}
