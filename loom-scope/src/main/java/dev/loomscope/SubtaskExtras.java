package dev.loomscope;

import dev.loomscope.core.CpuExecution;
import dev.loomscope.core.TaskAction;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What most subtasks never have: a cancel, a backend, somebody who waits for this one alone. It is made when the first of these
 * comes, so that a million subtasks that only wait have no room for it. Thread-safe, as far as each field says.
 */
final class SubtaskExtras {

    /** Of a subtask that has ended without: takes no cancel, hook or follower, and nothing else comes then. */
    static final SubtaskExtras NONE_AT_END = new SubtaskExtras();

    private static final VarHandle CANCEL_REASON = varHandle("cancelReason", CancelReason.class);
    private static final VarHandle FOLLOWERS = varHandle("followers", Followers.class);
    private static final VarHandle HOOKS = varHandle("hooks", CancelHooks.class);
    private static final VarHandle OUTCOMES = varHandle("outcomes", int.class);

    private @Nullable CpuExecution<?> execution; // set before the start; cleared at the end
    private @Nullable Startup<?> startup; // set before the start
    private volatile int outcomes; // 1 once its backend has called
    private @Nullable String worker; // by the worker that runs it, before the subtask has started
    private boolean hasOpenedScopes; // the thread of its code only

    private volatile @Nullable CancelReason cancelReason; // any thread, set once
    private volatile long cancelledNanos; // after cancelReason, by whoever set that; 0 if it did not run then
    private volatile @Nullable CancelHooks hooks; // any thread; made by the first
    private volatile @Nullable Followers followers; // any thread; made by the first, ends as Followers.OVER

    // ---------------------------------------------------------------- its start

    void runsAs(CpuExecution<?> newExecution) {
        execution = newExecution;
    }

    /** Its backend says how it has ended; returns false if that was said before. */
    boolean takeOutcome() {
        return outcomes == 0 && OUTCOMES.compareAndSet(this, 0, 1);
    }

    /** The run in a backend; null if it has none, or has ended. */
    @Nullable
    CpuExecution<?> execution() {
        return execution;
    }

    void startsUp(Startup<?> newStartup) {
        startup = newStartup;
    }

    /** Who waits until it is ready; null if nobody does. */
    @Nullable
    Startup<?> startup() {
        return startup;
    }

    void runsIn(String newWorker) {
        worker = newWorker;
    }

    /** The worker that runs it; null if a thread of this JVM does. */
    @Nullable
    String worker() {
        return worker;
    }

    void opensScope() {
        hasOpenedScopes = true;
    }

    boolean hasOpenedScopes() {
        return hasOpenedScopes;
    }

    // ---------------------------------------------------------------- its cancel

    /** Sets the reason; or returns false, if there is one or the subtask has ended. */
    boolean cancelFor(CancelReason reason) {
        return this != NONE_AT_END && CANCEL_REASON.compareAndSet(this, null, reason);
    }

    @Nullable
    CancelReason cancelReason() {
        return cancelReason;
    }

    void cancelledAt(long nanos) {
        cancelledNanos = nanos;
    }

    /** When it was cancelled while it ran, on the clock of its scope; 0 if it was not. */
    long cancelledNanos() {
        return cancelledNanos;
    }

    /** Adds a hook for the cancel of the subtask, which messages call {@code whose}. */
    CancelHook addHook(String whose, TaskAction hook) {
        if (this == NONE_AT_END) {
            return new CancelHooks(whose).add(hook); // nobody will run it
        }
        CancelHooks present = hooks;
        if (present == null) {
            present = new CancelHooks(whose);
            CancelHooks before = (CancelHooks) HOOKS.compareAndExchange(this, null, present);
            present = before == null ? present : before;
        }
        CancelHook entry = present.add(hook);
        if (cancelReason != null) {
            present.run(); // whoever cancelled has perhaps not seen it
        }
        return entry;
    }

    void runHooks() {
        CancelHooks present = hooks;
        if (present != null) {
            present.run();
        }
    }

    void abandonHooks() {
        CancelHooks present = hooks;
        if (present != null) {
            present.abandon();
        }
    }

    void endHooks() {
        CancelHooks present = hooks;
        if (present != null) {
            present.end();
        }
    }

    // ---------------------------------------------------------------- its end

    /** Who waits for its end. */
    Followers followers() {
        if (this == NONE_AT_END) {
            return Followers.OVER;
        }
        Followers present = followers;
        if (present != null) {
            return present;
        }
        Followers created = new Followers();
        Followers before = (Followers) FOLLOWERS.compareAndExchange(this, null, created);
        return before == null ? created : before;
    }

    /** Whoever waits for its end looks again. */
    void wakeFollowers() {
        Followers waiting = followers;
        if (waiting != null) {
            waiting.wake();
        }
    }

    /** The subtask is about to be seen as ended. */
    void letGoOfTask() {
        execution = null;
    }

    /**
     * Lets go of everybody who waits for its end, and runs what is to run after it; once.
     *
     * @param elsewhere whether the calling thread must not run code of users
     */
    void endFollowers(boolean elsewhere) {
        Followers all = (Followers) FOLLOWERS.getAndSet(this, Followers.OVER);
        if (all == null) { // mostly there is nobody
            return;
        }
        List<Runnable> continuations = all.end();
        if (!elsewhere) {
            continuations.forEach(Trampoline::run);
        } else if (!continuations.isEmpty()) {
            CallbackThreads.execute(() -> continuations.forEach(Trampoline::run));
        }
    }

    private static VarHandle varHandle(String field, Class<?> type) {
        try {
            return MethodHandles.lookup().findVarHandle(SubtaskExtras.class, field, type);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
