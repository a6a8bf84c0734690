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
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Ends a worker when its parent is gone, whatever its task is doing. Two watches, since either can fail: the end of stdin comes at
 * once, but a process that a task has started natively may hold the pipe open; the parent's pid is looked at five times a second.
 *
 * <p>The promise is two seconds, also on a machine that is overloaded and with a task that leaves no memory or processor time to this
 * process. So two others see to its end: a shell outside, and a thread that needs no memory.
 *
 * <p>A thread that sits in a native read holds up the exit of a JVM, by 300 ms: so when this one exits by itself, the first watch
 * ends before.
 */
final class Lifeline {

    private static final Duration INTERVAL = Duration.ofMillis(200);
    private static final Duration LAST_RESORT = Duration.ofSeconds(1);
    private static final Duration LAST_RESORT_WITHOUT_MEMORY = Duration.ofMillis(300);
    private static final int FULL_PERCENT = 98;
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(10);
    private static final int LOOKS = 10;
    /** The exit code of a worker that leaves by itself; in most cases nobody is left to read it. */
    static final int ORPHANED = 86;

    private static final long SHELL_PATIENCE_MILLIS = 250;

    private static final AtomicBoolean leaving = new AtomicBoolean();

    private static volatile @Nullable WorkerBootstrap bootstrap; // of this worker; set once, before the watch begins
    private static volatile @Nullable Thread leaver; // set once, before the watch begins
    private static volatile boolean exiting; // any thread; never goes back to false

    private Lifeline() {}

    static void watch(InputStream stdin, WorkerBootstrap own) {
        bootstrap = own;
        Thread.Builder.OfPlatform threads = Thread.ofPlatform().daemon();
        leaver = threads.name("loom-scope-leave").start(Lifeline::killAllWhenLeaving);
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

    /**
     * Ends this process at once: no shutdown hook of a task may delay it. Another thread does the work. This one only waits for it,
     * and creates no object: a task that fills the heap makes each one take a collection.
     */
    static void leave() {
        try {
            leaving.set(true);
            LockSupport.unpark(leaver);
            long limit = (isHeapFull() ? LAST_RESORT_WITHOUT_MEMORY : LAST_RESORT).toNanos();
            long end = System.nanoTime() + limit;
            for (long left = limit; left > 0; left = end - System.nanoTime()) {
                Thread.interrupted(); // or the thread would not wait; it may be that of the tasks
                LockSupport.parkNanos(left);
            }
        } finally {
            Runtime.getRuntime().halt(ORPHANED);
        }
    }

    private static boolean isHeapFull() {
        Runtime jvm = Runtime.getRuntime();
        long used = jvm.totalMemory() - jvm.freeMemory();
        return used > jvm.maxMemory() / 100 * FULL_PERCENT;
    }

    private static void killAllWhenLeaving() {
        while (!leaving.get()) {
            Thread.interrupted(); // or the thread would not wait
            LockSupport.park();
        }
        try {
            killAll();
        } finally {
            Runtime.getRuntime().halt(ORPHANED); // also when a task has left no memory for the lines above
        }
    }

    private static void killAll() {
        long killer = haveItKilled(); // before anything that may need all threads to stop
        boolean gone = isParentKnownToBeGone();
        if (gone) {
            deleteFolder();
        }
        Thread strays = startInBackground(Lifeline::killStrays);
        ProcessTree.killDescendants(List.of(ProcessHandle.current()), killer);
        await(strays);
        if (!gone && isParentGone()) {
            deleteFolder();
        }
    }

    // On a busy machine, each thread has a share of the processors.
    private static Thread startInBackground(Runnable action) {
        Thread thread = Thread.ofPlatform().daemon().name("loom-scope-strays").unstarted(action);
        try {
            thread.start();
        } catch (OutOfMemoryError e) {
            action.run(); // the system has no thread left
        }
        return thread;
    }

    private static void killStrays() {
        String mark = System.getenv(StrayProcesses.VARIABLE);
        StrayProcesses.kill(mark == null ? Set.of() : Set.of(mark));
    }

    @SuppressWarnings("ThreadJoinLoop") // an interrupt is not kept: nobody is left to see it
    private static void await(Thread thread) {
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                // a task that interrupts all threads it can find
            }
        }
    }

    // A parent that lives deletes the folder itself, and reads in it before. One that dies is gone a moment after its
    // pipes are.
    private static boolean isParentGone() {
        for (int look = 0; look < LOOKS; look++) {
            if (isParentKnownToBeGone()) {
                return true;
            }
            pause(BETWEEN_LOOKS);
        }
        return false;
    }

    private static boolean isParentKnownToBeGone() {
        WorkerBootstrap known = bootstrap;
        return known != null && !mayBeAlive(known);
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
    private static long haveItKilled() {
        // In the background of a shell that ends at once: so it is no descendant, and none of those killed here.
        String command = "(trap '' HUP INT TERM; sleep 1; kill -KILL "
                + ProcessHandle.current().pid() + ") &";
        ProcessBuilder killer = new ProcessBuilder("/bin/sh", "-c", command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        killer.environment().remove(StrayProcesses.VARIABLE); // it is none of those
        try {
            Process shell = killer.start();
            shell.waitFor(SHELL_PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
            return shell.pid();
        } catch (IOException e) {
            return -1; // no shell, or no descriptor left
        } catch (InterruptedException e) {
            return -1; // a task that interrupts all threads it can find does not keep this one from leaving
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
