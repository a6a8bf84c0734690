package dev.loomscope;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The life of a subtask as phases, and the interrupts that may reach it meanwhile.
 *
 * <p>WAITING -> RUNNING -> ENDED, or WAITING -> ENDED if it is cancelled before it starts. ANNOUNCING, which it begins with, is WAITING
 * while listeners hear that it was forked, or that it has no permit yet; TOUCHED is RUNNING while somebody delivers an interrupt or its thread
 * puts one off: the subtask does not end in such a moment, so that events keep their order, and no interrupt hits what its thread
 * does next.
 */
abstract sealed class SubtaskLife implements Interruptible permits ScopedSubtask {

    private static final int ANNOUNCING = 0;
    private static final int WAITING = 1;
    private static final int RUNNING = 2;
    private static final int TOUCHED = 3;
    private static final int ENDED = 4;

    private static final int DELIVERED = 1;
    private static final int DUE = 2;
    private static final int HOLD = 4; // one of them

    private static final VarHandle PHASE;

    static {
        try {
            PHASE = MethodHandles.lookup().findVarHandle(SubtaskLife.class, "phase", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile int phase;
    // Before RUNNING by whoever forks it or runs it; to null by whoever leaves it behind. While a backend ends it, the
    // thread that does.
    private @Nullable Thread thread;
    // Whether one of ours was delivered, whether one has come and was put off, and how many put it off, all in one int.
    private int interrupts; // while TOUCHED, or by the thread once ENDED

    final boolean isWaiting() {
        int now = phase;
        return now == WAITING || now == ANNOUNCING;
    }

    final boolean isRunning() {
        int now = phase;
        return now == RUNNING || now == TOUCHED;
    }

    final boolean hasEnded() {
        return phase == ENDED;
    }

    /** The thread that runs it, or that ran it to its end; null if it has not started, runs elsewhere, or was left behind. */
    final @Nullable Thread thread() {
        return phase >= RUNNING ? thread : null; // after the read of phase: then it is set
    }

    /** Whether the thread that will run it was made. By whoever forks or starts it. */
    final boolean hasThread() {
        return thread != null;
    }

    /** Says which thread will run it. On the forking thread, before it starts. */
    final void setThread(Thread newThread) {
        thread = newThread;
    }

    /** The thread that was made for it. */
    final Thread heldThread() {
        return Objects.requireNonNull(thread, "thread");
    }

    /** It runs on the calling thread from now on; or returns false, because it has ended. */
    final boolean beginRunning() {
        thread = Thread.currentThread();
        return PHASE.compareAndSet(this, WAITING, RUNNING);
    }

    /** It runs outside this JVM from now on; or returns false, because it has ended. */
    final boolean beginElsewhere() {
        return PHASE.compareAndSet(this, WAITING, RUNNING);
    }

    /** The calling thread ends what has run elsewhere; null when it has done so. */
    final void setEndingThread(@Nullable Thread ending) {
        thread = ending;
    }

    /** It ends before it starts; or returns false, because it has started or ended, or is being announced. */
    final boolean endWaiting() {
        return PHASE.compareAndSet(this, WAITING, ENDED);
    }

    /** Everybody has heard of it: from now on it may end. No fence: who reads anything after this may read it before. */
    final void beginWaiting() {
        PHASE.setRelease(this, WAITING);
    }

    /** Runs {@code announcement} if it waits, and it does not end meanwhile; otherwise returns false. */
    final boolean whileWaiting(Runnable announcement) {
        if (!PHASE.compareAndSet(this, WAITING, ANNOUNCING)) {
            return false;
        }
        try {
            announcement.run();
        } finally {
            phase = WAITING;
        }
        return true;
    }

    /**
     * Its code has ended, on the calling thread. Waits out an interrupt that is just being delivered, and takes back one that was.
     *
     * @return false if it was left behind before
     */
    final boolean endRunning() {
        if (!leaveRunning()) {
            return false;
        }
        if (wasDelivered()) {
            Thread.interrupted();
        }
        return true;
    }

    /** It ends although its code goes on, whose thread is nobody's from now on; or returns false, because it has ended. Any thread. */
    final boolean endAbandoned() {
        if (!leaveRunning()) {
            return false;
        }
        thread = null;
        return true;
    }

    private boolean leaveRunning() {
        while (!PHASE.compareAndSet(this, RUNNING, ENDED)) {
            if (hasEnded()) {
                return false;
            }
            Thread.yield(); // a virtual thread must not keep the carrier that the other one needs
        }
        return true;
    }

    /** Interrupts its thread, now or when that is no longer put off. No effect unless it runs. Any thread. */
    final void interrupt() {
        boolean now = false;
        if (touch()) {
            try {
                interrupts |= DUE;
                now = deliver();
            } finally {
                phase = RUNNING;
            }
        }
        if (now) {
            onInterrupted();
        }
    }

    /** Its thread was interrupted by us. Any thread. */
    abstract void onInterrupted();

    @Override
    public final void holdInterrupts() {
        if (touch()) {
            try {
                interrupts += HOLD;
                if (wasDelivered() && thread == Thread.currentThread() && Thread.interrupted()) {
                    interrupts |= DUE; // again when the hold ends
                }
            } finally {
                phase = RUNNING;
            }
        }
    }

    @Override
    public final void releaseInterrupts() {
        boolean now = false;
        if (touch()) {
            try {
                interrupts -= HOLD;
                now = deliver();
            } finally {
                phase = RUNNING;
            }
        }
        if (now) {
            onInterrupted();
        }
    }

    @Override
    public final boolean wasInterrupted() {
        if (!touch()) {
            return false;
        }
        boolean was = wasDelivered() && !isDue();
        phase = RUNNING;
        return was;
    }

    private boolean deliver() {
        Thread target = thread;
        if (!isDue() || interrupts >= HOLD || target == null) {
            return false;
        }
        interrupts = DELIVERED;
        target.interrupt();
        return true;
    }

    private boolean wasDelivered() {
        return (interrupts & DELIVERED) != 0;
    }

    private boolean isDue() {
        return (interrupts & DUE) != 0;
    }

    private boolean touch() {
        while (!PHASE.compareAndSet(this, RUNNING, TOUCHED)) {
            if (!isRunning()) {
                return false;
            }
            Thread.yield(); // somebody else does, for an instant
        }
        return true;
    }
}
