package dev.loomscope;

import dev.loomscope.core.CpuExecution;
import dev.loomscope.core.TaskFunction;
import dev.loomscope.core.TaskKind;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One subtask of a {@link NurseryScope}: its life, its outcome, and the interrupts that may reach it.
 *
 * <p>Phases: WAITING -> RUNNING -> ENDED, or WAITING -> ENDED if it is cancelled before it starts. ANNOUNCING is WAITING while
 * listeners hear that it waits for a permit, INTERRUPTING is RUNNING while somebody delivers an interrupt: the subtask does not end
 * in such a moment, so that the events keep their order, and no interrupt hits what its thread does next.
 */
final class ScopedSubtask<T extends @Nullable Object> implements Subtask<T>, ScopePlace, Callable<@Nullable Void> {

    private static final Logger log = LoggerFactory.getLogger(ScopedSubtask.class);

    private static final int WAITING = 0;
    private static final int ANNOUNCING = 1;
    private static final int RUNNING = 2;
    private static final int INTERRUPTING = 3;
    private static final int ENDED = 4;

    private static final VarHandle PHASE = varHandle("phase", int.class);
    private static final VarHandle CANCEL_REASON = varHandle("cancelReason", CancelReason.class);
    private static final VarHandle FOLLOWERS = varHandle("followers", Followers.class);

    private final NurseryScope<?, ?> scope;
    private final long id;
    private final @Nullable String givenName;
    private final TaskKind kind;
    private final long queuedNanos = System.nanoTime();

    private @Nullable Callable<? extends T> task; // set before the start, cleared at the end
    private @Nullable CpuExecution<? extends T> execution; // set before the start; CPU only
    private @Nullable Thread thread; // set by itself before RUNNING
    private @Nullable T result; // written before state
    private @Nullable Throwable exception; // written before state
    private long endedNanos; // written before state
    private boolean awaitedByOwner; // owner thread only

    private volatile int phase;
    private volatile State state = State.UNAVAILABLE;
    private volatile long startedNanos; // by whoever runs it, once
    private volatile boolean started; // after startedNanos
    private volatile @Nullable CancelReason cancelReason; // any thread, set once
    private volatile @Nullable Followers followers; // any thread; made by the first, ends as Followers.OVER

    ScopedSubtask(NurseryScope<?, ?> scope, long id, @Nullable String givenName, TaskKind kind) {
        this.scope = scope;
        this.id = id;
        this.givenName = givenName;
        this.kind = kind;
    }

    /** Says what to run; before the start. */
    void load(Callable<? extends T> newTask, @Nullable CpuExecution<? extends T> newExecution) {
        this.task = newTask;
        this.execution = newExecution;
    }

    long id() {
        return id;
    }

    boolean hasEnded() {
        return phase == ENDED;
    }

    /** The code of its thread. */
    @Override
    public @Nullable Void call() {
        thread = Thread.currentThread();
        try {
            if (PHASE.compareAndSet(this, WAITING, RUNNING)) {
                ScopeTree.enter(this);
                runTask();
            }
        } finally {
            scope.onPermitFree(this, thread);
        }
        return null;
    }

    @Override
    public ScopePlace around() {
        return scope.tree();
    }

    private void runTask() {
        T value;
        try {
            value = runCode();
        } catch (Throwable e) {
            fail(e);
            return;
        }
        succeed(value);
    }

    // A subtask that runs was loaded; null is a result like any other.
    @SuppressWarnings("NullAway")
    private T runCode() throws Throwable {
        CpuExecution<? extends T> remote = execution;
        if (remote != null) {
            return remote.run();
        }
        onStarted(threadName());
        return task.call();
    }

    /** Its code starts, here or in a worker. */
    void onStarted(String runner) {
        startedNanos = System.nanoTime();
        started = true;
        scope.onStarted(this, runner);
    }

    private String threadName() {
        Thread current = Thread.currentThread();
        return current.getName().isEmpty() ? "virtual-" + current.threadId() : current.getName();
    }

    private void succeed(T value) {
        leaveRunning();
        result = value;
        end(State.SUCCESS);
    }

    private void fail(Throwable e) {
        leaveRunning();
        if (cancelReason != null && InterruptShape.matches(e)) {
            end(State.CANCELLED);
        } else {
            endFailed(e);
        }
    }

    private void endFailed(Throwable e) {
        exception = e;
        scope.onFailing(this, e); // before anybody can see the state
        end(State.FAILED);
    }

    /** It could not be made ready: it fails, unless it was cancelled before. */
    void failUnstarted(Throwable e) {
        if (PHASE.compareAndSet(this, WAITING, ENDED)) {
            endFailed(e);
        }
    }

    /** It had its permit, but its thread could not be started. */
    void failToStart(Throwable e) {
        failUnstarted(e);
        scope.onPermitFree(this, null);
    }

    /** It has to wait for a permit. */
    void announceQueued() {
        if (PHASE.compareAndSet(this, WAITING, ANNOUNCING)) {
            try {
                scope.onQueued(this);
            } finally {
                phase = WAITING;
            }
            if (cancelReason != null) {
                endIfWaiting();
            }
        }
    }

    // Waits out an interrupt that is just being delivered, and takes back one that was.
    private void leaveRunning() {
        while (!PHASE.compareAndSet(this, RUNNING, ENDED)) {
            Thread.yield(); // a virtual thread must not keep the carrier that the other one needs
        }
        if (cancelReason != null) {
            Thread.interrupted();
        }
    }

    private void end(State finalState) {
        task = null;
        execution = null;
        endedNanos = System.nanoTime();
        state = finalState;
        scope.onEnded(this);
    }

    /** Cancels it for this reason, unless it has ended or was cancelled before. */
    void cancel(CancelReason reason) {
        if (phase == ENDED || !CANCEL_REASON.compareAndSet(this, null, reason)) {
            return;
        }
        if (endIfWaiting()) {
            return;
        }
        CpuExecution<? extends T> remote = execution;
        if (remote != null) {
            cancel(remote, reason);
        } else {
            interrupt();
        }
    }

    private boolean endIfWaiting() {
        boolean waits = PHASE.compareAndSet(this, WAITING, ENDED);
        if (waits) {
            end(State.CANCELLED);
        }
        return waits;
    }

    // A backend that breaks its promise must not keep the cancel from the siblings.
    private void cancel(CpuExecution<?> remote, CancelReason reason) {
        try {
            remote.cancel(reason.text());
        } catch (Throwable e) {
            log.error("{}: its backend threw when it was told to cancel", describe(), e);
        }
    }

    private void interrupt() {
        Thread target = thread;
        if (target != null && PHASE.compareAndSet(this, RUNNING, INTERRUPTING)) {
            try {
                target.interrupt();
            } finally {
                phase = RUNNING;
            }
        }
    }

    /** Its scope, or one that a thread waiting here has opened, was cancelled: whoever waits looks again. */
    void wakeAwaiting() {
        Followers waiting = followers;
        if (waiting != null) {
            waiting.wake();
        }
    }

    /** Lets go of everybody who waits for this subtask, and returns what is to run after it; once. */
    List<Runnable> endFollowers() {
        Followers all = (Followers) FOLLOWERS.getAndSet(this, Followers.OVER);
        return all == null ? List.of() : all.end();
    }

    private Followers followers() {
        Followers present = followers;
        if (present != null) {
            return present;
        }
        Followers created = new Followers();
        Followers before = (Followers) FOLLOWERS.compareAndExchange(this, null, created);
        return before == null ? created : before;
    }

    @Override
    public State state() {
        return state;
    }

    // SUCCESS is published after the result, which is what the task returned: a T.
    @SuppressWarnings("NullAway")
    @Override
    public T get() {
        ensureMayLook();
        return switch (state) {
            case SUCCESS -> result;
            case FAILED -> throw new IllegalStateException(describe() + " failed: there is no result", exception);
            case CANCELLED ->
                throw new IllegalStateException(
                        "%s was cancelled (%s): there is no result".formatted(describe(), cancelReason));
            case UNAVAILABLE ->
                throw new IllegalStateException(describe() + " has not ended: join the scope or await it first");
        };
    }

    @Override
    public Throwable exception() {
        ensureMayLook();
        State seen = state; // before the exception, which is written first
        Throwable thrown = exception;
        if (seen != State.FAILED || thrown == null) {
            throw new IllegalStateException("%s did not fail, it is %s".formatted(describe(), seen));
        }
        return thrown;
    }

    /** What it threw, for ourselves; null if it did not. */
    @Nullable
    Throwable exceptionOrNull() {
        return state == State.FAILED ? exception : null;
    }

    private void ensureMayLook() {
        if (scope.isOwnerUnjoined(id) && !awaitedByOwner) {
            throw new IllegalStateException("%s: the owner must join scope '%s' first, or await this subtask"
                    .formatted(describe(), scope.name()));
        }
    }

    @Override
    public T await() throws InterruptedException, ScopeFailedException {
        scope.ensureInTree("await");
        if (thread == Thread.currentThread()) {
            throw new IllegalStateException(describe() + " cannot await itself");
        }
        scope.whileCallerAwaits(this, this::awaitEnd);
        if (scope.isOwner()) {
            awaitedByOwner = true;
        }
        return resultOrThrow();
    }

    private void awaitEnd() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        if (state == State.UNAVAILABLE) {
            followers().await(() -> state != State.UNAVAILABLE || scope.isCancelledForCaller());
        }
    }

    // As in get.
    @SuppressWarnings("NullAway")
    private T resultOrThrow() throws ScopeFailedException {
        return switch (state) {
            case SUCCESS -> result;
            case FAILED ->
                throw scope.outcome().failure("%s failed: %s".formatted(describe(), SafeText.of(exception)), exception);
            case CANCELLED ->
                throw scope.outcome().cancelled("%s was cancelled: %s".formatted(describe(), cancelReason));
            case UNAVAILABLE -> throw scope.cancelledForCaller(describe());
        };
    }

    @Override
    public void cancel() {
        cancel(CancelReason.of(CancelReason.Source.SINGLE, "cancelled alone by " + Thread.currentThread()));
    }

    @Override
    public <U extends @Nullable Object> Subtask<U> then(TaskFunction<? super T, ? extends U> function) {
        ScopedSubtask<U> next = scope.admitContinuation(function);
        Runnable action = () -> proceedTo(next, function);
        if (!followers().add(action)) {
            action.run();
        }
        return next;
    }

    // As in get.
    @SuppressWarnings("NullAway")
    private <U extends @Nullable Object> void proceedTo(
            ScopedSubtask<U> next, TaskFunction<? super T, ? extends U> function) {
        if (state == State.SUCCESS) {
            scope.startContinuation(next, function, result);
        } else {
            boolean wanted = cancelSource() == CancelReason.Source.SINGLE;
            next.cancel(CancelReason.of(
                    wanted ? CancelReason.Source.SINGLE : CancelReason.Source.PARENT,
                    "%s, which it continues, ended as %s".formatted(describe(), state)));
        }
    }

    @Override
    public String name() {
        return givenName != null ? givenName : namePrefix() + id;
    }

    private String namePrefix() {
        return switch (kind) {
            case IO -> "io-";
            case BLOCKING -> "blocking-";
            case CPU -> "cpu-";
        };
    }

    @Override
    public TaskKind kind() {
        return kind;
    }

    @Override
    public Optional<CancelReason> cancelReason() {
        return Optional.ofNullable(cancelReason);
    }

    /** What cancelled it; null if nothing did. */
    CancelReason.@Nullable Source cancelSource() {
        CancelReason reason = cancelReason;
        return reason == null ? null : reason.source();
    }

    @Override
    public Instant queuedAt() {
        return scope.instantOf(queuedNanos);
    }

    @Override
    public Optional<Instant> startedAt() {
        return started ? Optional.of(scope.instantOf(startedNanos)) : Optional.empty();
    }

    @Override
    public Optional<Instant> endedAt() {
        return state == State.UNAVAILABLE ? Optional.empty() : Optional.of(scope.instantOf(endedNanos));
    }

    /** How long it has run, in ns; 0 if it has not started. */
    long ranNanos() {
        return started ? System.nanoTime() - startedNanos : 0;
    }

    /** How messages call it. */
    String describe() {
        return "subtask '%s' (%s)".formatted(name(), kind);
    }

    @Override
    public String toString() {
        return "Subtask[%s, %s, %s]".formatted(name(), kind, state);
    }

    private static VarHandle varHandle(String field, Class<?> type) {
        try {
            return MethodHandles.lookup().findVarHandle(ScopedSubtask.class, field, type);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
