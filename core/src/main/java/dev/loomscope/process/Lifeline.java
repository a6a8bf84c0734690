package dev.loomscope.process;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Ends a worker when its parent is gone, whatever its task is doing. Two watches, since either can fail: the end of stdin comes at
 * once, but a process that a task has started natively may hold the pipe open; the parent's pid is looked at twice a second.
 *
 * <p>A thread that sits in a native read holds up the exit of a JVM, by 300 ms: so when this one exits by itself, the first watch
 * ends before.
 */
final class Lifeline {

    private static final Duration INTERVAL = Duration.ofMillis(500);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(10);
    private static final int LOOKS = 10;
    /** The exit code of a worker that leaves by itself; in most cases nobody is left to read it. */
    static final int ORPHANED = 86;

    private static final AtomicBoolean leaving = new AtomicBoolean();

    private static volatile @Nullable WorkerBootstrap bootstrap; // of this worker; set once, before the watch begins
    private static volatile boolean exiting; // any thread; never goes back to false

    private Lifeline() {}

    static void watch(InputStream stdin, WorkerBootstrap own) {
        bootstrap = own;
        Thread.Builder.OfPlatform threads = Thread.ofPlatform().daemon();
        ReadableByteChannel channel =
                stdin instanceof FileInputStream file ? file.getChannel() : Channels.newChannel(stdin);
        threads.name("loom-scope-lifeline").start(() -> {
            if (hasEnded(channel) && !exiting) {
                leave();
            }
        });
        if (stdin instanceof FileInputStream) { // of others, a close may wait for the read
            Runtime.getRuntime().addShutdownHook(new Thread(() -> release(channel), "loom-scope-lifeline-end"));
        }
        threads.name("loom-scope-parent-watch").start(() -> {
            while (mayBeAlive(own)) {
                pause(INTERVAL);
            }
            leave();
        });
    }

    /** Ends this process at once: no shutdown hook of a task may delay it. */
    static void leave() {
        Thread.interrupted(); // of the thread of tasks, say: nothing below must be cut short
        try {
            if (leaving.compareAndSet(false, true)) {
                haveItKilled(); // before anything that may need all threads to stop
                ProcessTree.killDescendants(List.of(ProcessHandle.current()));
                String mark = System.getenv(StrayProcesses.VARIABLE);
                StrayProcesses.kill(mark == null ? Set.of() : Set.of(mark));
                if (isParentGone()) {
                    deleteFolder();
                }
            } else {
                pause(INTERVAL.multipliedBy(2)); // somebody else does it, and may be held up: not for ever
            }
        } finally {
            Runtime.getRuntime().halt(ORPHANED); // also when a task has left no memory for the lines above
        }
    }

    // A parent that lives deletes the folder itself, and reads in it before. One that dies is gone a moment after its
    // pipes are.
    private static boolean isParentGone() {
        WorkerBootstrap known = bootstrap;
        for (int look = 0; known != null && look < LOOKS; look++) {
            if (!mayBeAlive(known)) {
                return true;
            }
            pause(BETWEEN_LOOKS);
        }
        return false;
    }

    // Its parent can no longer do it. Not as WorkerFolder does, which logs: nothing of that may start here.
    private static void deleteFolder() {
        WorkerBootstrap known = bootstrap;
        Path own = known == null ? null : WorkerSocket.folderOf(known.address());
        if (own == null) {
            return;
        }
        try {
            Files.deleteIfExists(own.resolve(WorkerFolder.SOCKET));
            Files.deleteIfExists(own.resolve(WorkerFolder.ARGUMENTS));
            Files.deleteIfExists(own.resolve(WorkerFolder.BEGUN));
            Files.deleteIfExists(own);
        } catch (IOException e) {
            // left for a sweep, as if this process had been killed too
        }
    }

    // A critical native call of a task keeps the JVM from halting for as long as it runs: what is still there after a
    // second is killed from outside. That is short enough for no pid to be given away again.
    private static void haveItKilled() {
        // In the background of a shell that ends at once: so it is no descendant, and none of those killed here.
        String command = "(sleep 1; kill -KILL " + ProcessHandle.current().pid() + ") &";
        ProcessBuilder killer = new ProcessBuilder("/bin/sh", "-c", command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        killer.environment().remove(StrayProcesses.VARIABLE); // it is none of those
        try {
            killer.start().waitFor(INTERVAL.toMillis() / 2, TimeUnit.MILLISECONDS);
        } catch (IOException e) {
            // no shell, or no descriptor left
        } catch (InterruptedException e) {
            // a task that interrupts all threads it can find does not keep this one from leaving
        }
    }

    private static boolean hasEnded(ReadableByteChannel stdin) {
        ByteBuffer buffer = ByteBuffer.allocate(64); // the pool says nothing more there
        try {
            while (stdin.read(buffer.clear()) >= 0) {
                // whatever it is
            }
        } catch (ClosedChannelException e) {
            return false; // this JVM exits, or a task interrupts all threads it can find: there is the other watch
        } catch (IOException e) {
            // as good as its end
        }
        return true;
    }

    private static void release(ReadableByteChannel stdin) {
        exiting = true;
        try {
            stdin.close();
        } catch (IOException e) {
            // then its reader holds up the exit, as it may
        }
    }

    private static boolean mayBeAlive(WorkerBootstrap bootstrap) {
        try {
            return !isGone(bootstrap.parentPid(), bootstrap.parentStart());
        } catch (OutOfMemoryError | LinkageError | RuntimeException e) {
            return true; // a task has left no memory or descriptor to look with: the next look may have it
        }
    }

    /** Whether a parent is certainly gone; also one whose own parent has not noticed yet. */
    static boolean isGone(long parent, long start) {
        return ProcessStart.isGone(parent, start) || (ProcessStart.isZombie(parent) && isOrphanOf(parent));
    }

    private static boolean isOrphanOf(long parent) {
        return ProcessHandle.current()
                .parent()
                .filter(current -> current.pid() != parent)
                .isPresent();
    }

    private static void pause(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            // a task that interrupts all threads it can find does not end the watch
        }
    }
}
