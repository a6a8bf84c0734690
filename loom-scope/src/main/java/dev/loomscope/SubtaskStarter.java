package dev.loomscope;

import dev.loomscope.core.TaskKind;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Gives the subtasks of a scope their permits, and then to their {@link Runner}, in this order. */
final class SubtaskStarter {

    private final ThreadStarter threads;
    private final Runner onThread;
    private final OnOutsideThread onOutsideThread = new OnOutsideThread();
    private final @Nullable OnReusedThread onReusedThread; // for BLOCKING; null if each is to have a thread of its own
    private final Runner inWorker = new InWorker();
    private final @Nullable Limiter io;
    private final Limiter blocking;
    private final @Nullable Limiter cpu;

    /** For the calling thread, the owner of the scope. */
    SubtaskStarter(String scope, ScopeConfig config) {
        Limiter sharedIo = config.limiters().get(TaskKind.IO);
        Limiter sharedBlocking = config.limiters().get(TaskKind.BLOCKING);
        boolean ioIsBound = sharedIo != null || config.maxIo() < Integer.MAX_VALUE;
        this.io = ioIsBound ? orOwn(sharedIo, scope, TaskKind.IO, config.maxIo()) : null;
        this.blocking = orOwn(sharedBlocking, scope, TaskKind.BLOCKING, config.maxBlocking());
        this.cpu = config.limiters().get(TaskKind.CPU);
        this.onReusedThread = config.reusedThreads() ? new OnReusedThread() : null;
        this.threads = new ThreadStarter(scope);
        this.onThread = new OnThread(threads);
    }

    private static Limiter orOwn(@Nullable Limiter shared, String scope, TaskKind kind, int max) {
        return shared != null ? shared : Limiter.of("%s of scope '%s'".formatted(kind, scope), max);
    }

    /** Whether the calling thread has no way to start threads inside the JDK's scope: it is outside itself. */
    boolean callerIsOutside() {
        return !threads.isOpenToCaller();
    }

    /** Where a subtask runs. */
    Runner runnerOf(ScopedSubtask<?> subtask) {
        SubtaskTraits traits = subtask.traits();
        if (traits.kind() == TaskKind.CPU) {
            return inWorker;
        }
        if (traits.isAbandonable()) {
            return onOutsideThread;
        }
        if (onReusedThread != null && traits.kind() == TaskKind.BLOCKING) {
            return onReusedThread;
        }
        return traits.outside() ? onOutsideThread : onThread;
    }

    /** Whether subtasks of this kind need no permit. */
    boolean startsAtOnce(TaskKind kind) {
        return limiterOf(kind) == null;
    }

    /**
     * Starts a subtask now, or later when there is a permit for it. On the forking thread; or on any thread inside the scope, after {@link
     * #hold}.
     */
    void start(ScopedSubtask<?> subtask) {
        Limiter limiter = limiterOf(subtask.kind());
        if (limiter == null) {
            startWithPermit(subtask);
            return;
        }
        subtask.needsPermit();
        if (limiter.tryEnter(subtask)) {
            startWithPermit(subtask);
            return;
        }
        hold(subtask);
        subtask.announceQueued();
        if (limiter.enter(subtask)) {
            startWithPermit(subtask);
        } else {
            failIfItWaitsForItself(subtask, limiter);
        }
    }

    /** Keeps what a subtask that cannot start yet takes along from the forking thread. On that thread. */
    void hold(ScopedSubtask<?> subtask) {
        try {
            runnerOf(subtask).hold(subtask);
        } catch (OutOfMemoryError e) {
            subtask.failUnstarted(e);
        } catch (RuntimeException | Error e) {
            subtask.failUnstarted(e);
            throw e;
        }
    }

    private void startWithPermit(ScopedSubtask<?> subtask) {
        if (subtask.hasEnded()) {
            onPermitFree(subtask, null);
            return;
        }
        try {
            runnerOf(subtask).start(subtask);
        } catch (OutOfMemoryError e) { // no thread: the failure of the subtask, not of its caller
            subtask.failToStart(e);
        } catch (RuntimeException | Error e) { // the JDK refuses it, or what it would inherit throws
            subtask.failToStart(e);
            throw e;
        }
    }

    /** The subtask ends on the calling thread: its permit is free when that thread is. */
    void onEnding(ScopedSubtask<?> subtask) {
        onPermitFree(subtask, runnerOf(subtask).endsThread() ? Thread.currentThread() : null);
    }

    // It is in line already: of two who close a cycle together, the later one sees the other.
    private static void failIfItWaitsForItself(ScopedSubtask<?> subtask, Limiter limiter) {
        Optional<List<WaitGraph.Step>> cycle = WaitGraph.cycleThrough(subtask);
        if (cycle.isPresent() && limiter.withdraw(subtask)) {
            subtask.failUnstarted(new LimiterDeadlockException(cycle.get()));
        }
    }

    /** A subtask that was in line has its permit, and starts once {@code ending} has ended; at once if that is null. */
    void onGranted(ScopedSubtask<?> subtask, @Nullable Thread ending) {
        if (subtask.hasEnded()) {
            onPermitFree(subtask, ending);
            return;
        }
        try {
            runnerOf(subtask).startGranted(subtask, ending);
        } catch (RuntimeException | Error e) {
            subtask.failToStart(e);
        }
    }

    /**
     * The permit of a subtask is free: the next in line has it.
     *
     * @param ending the thread that has had it and is about to end; null if there was none
     */
    void onPermitFree(ScopedSubtask<?> subtask, @Nullable Thread ending) {
        Limiter limiter = limiterOf(subtask.kind());
        if (limiter != null) {
            limiter.leave(subtask, ending);
        }
    }

    /** Of which a subtask of this kind needs a permit; null if it needs none. */
    @Nullable
    Limiter limiterOf(TaskKind kind) {
        return switch (kind) {
            case IO -> io;
            case BLOCKING -> blocking;
            case CPU -> cpu; // mostly none: the pool has its workers
        };
    }

    /** Waits until all threads have ended. Owner thread only, after the last subtask has ended. */
    void close() {
        threads.close();
        onOutsideThread.close();
        if (onReusedThread != null) {
            onReusedThread.close();
        }
    }
}
