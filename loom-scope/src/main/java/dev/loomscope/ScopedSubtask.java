package dev.loomscope;

import dev.loomscope.Subtask.State;
import dev.loomscope.core.CpuExecution;
import dev.loomscope.core.CpuRequest;
import dev.loomscope.core.TaskAction;
import dev.loomscope.core.TaskFunction;
import dev.loomscope.core.TaskKind;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.time.Instant;
import java.util.AbstractCollection;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One subtask of a {@link NurseryScope}: the code that it runs, its outcome, and the handle of both. */
final class ScopedSubtask<T extends @Nullable Object> extends SubtaskLife
        implements Subtask<T>,
                ScopePlace,
                Limiter.Waiter,
                CpuRequest.Observer,
                Callable<@Nullable Void>,
                Thread.UncaughtExceptionHandler {

    private static final Logger log = LoggerFactory.getLogger(ScopedSubtask.class);
    // In place of a name, which is in the cache of another core: most subtasks are never asked for it.
    private static final String ITS_THREAD = "";
    private static final VarHandle STATE = varHandle("state", State.class);
    private static final VarHandle RUNNER = varHandle("runner", String.class);
    private static final VarHandle CANCEL_REASON = varHandle("cancelReason", CancelReason.class);
    private static final VarHandle FOLLOWERS = varHandle("followers", Followers.class);
    private static final VarHandle HOOKS = varHandle("hooks", CancelHooks.class);

    private final NurseryScope<?, ?> scope;
    private final long id;
    private final @Nullable String givenName;
    private final TaskKind kind;
    private final CancelPolicy policy;
    private final boolean daemon;
    private final long queuedNanos;

    private ForkContext context = ForkContext.capture(); // of the forking thread; cleared at the end
    private @Nullable Callable<? extends T> task; // set before the start, cleared at the end
    private @Nullable CpuExecution<? extends T> execution; // set before the start; CPU only
    private @Nullable Startup<?> startup; // set before the start; if somebody waits until it is ready
    private @Nullable T result; // written before state
    private @Nullable Throwable exception; // written before state
    private long endedNanos; // written before state
    private SubtaskList.@Nullable Segment
            segment; // set before anybody else knows it, cleared once by whoever removes it
    private int slot; // set before anybody else knows it
    private boolean awaitedByOwner; // owner thread only
    private boolean hasOpenedScopes; // the thread of its code only
    private boolean permitIsElsewhere; // its own thread only; another thread has it, and gives it back

    private volatile State state = State.UNAVAILABLE;
    private long startedNanos; // written before runner
    private volatile @Nullable String runner; // by whoever runs it, once: the worker, or ITS_THREAD
    private volatile @Nullable CancelReason cancelReason; // any thread, set once
    private volatile long cancelledNanos; // after cancelReason, by whoever set that; 0 if it did not run then
    private volatile @Nullable Limiter limiter; // by whoever starts it, once; null if it needs no permit
    private volatile @Nullable Thread abandonable; // its own thread, once; what runs its code instead
    private volatile @Nullable CancelHooks hooks; // any thread; made by the first
    private volatile @Nullable Followers followers; // any thread; made by the first, ends as Followers.OVER

    ScopedSubtask(
            NurseryScope<?, ?> scope,
            long id,
            @Nullable String givenName,
            TaskKind kind,
            CancelPolicy policy,
            boolean daemon) {
        this.scope = scope;
        this.id = id;
        this.givenName = givenName;
        this.kind = kind;
        this.policy = policy;
        this.daemon = daemon;
        this.queuedNanos = scope.clock().nanoTime();
    }

    /** Says what to run; before the start. */
    void load(Callable<? extends T> newTask, @Nullable CpuExecution<? extends T> newExecution) {
        this.task = newTask;
        this.execution = newExecution;
    }

    /** Says who waits until it is ready; before the start. */
    void startsUp(Startup<?> newStartup) {
        this.startup = newStartup;
    }

    /** What the forking thread had. */
    ForkContext context() {
        return context;
    }

    long id() {
        return id;
    }

    /** Says where the scope keeps it; before anybody else knows it. */
    void isAt(SubtaskList.Segment newSegment, int newSlot) {
        segment = newSegment;
        slot = newSlot;
    }

    /** Where the scope keeps it; null if it does not any more, so that a handle keeps nothing of the scope alive. */
    SubtaskList.@Nullable Segment segment() {
        return segment;
    }

    void isNowhere() {
        segment = null;
    }

    int slot() {
        return slot;
    }

    /** Whether it ends with the others instead of being waited for. */
    boolean isDaemon() {
        return daemon;
    }

    /** Whether its own thread is a platform thread. */
    boolean needsPlatformThread() {
        return kind == TaskKind.BLOCKING && policy != CancelPolicy.ABANDON;
    }

    /** The code of its thread. */
    @Override
    public @Nullable Void call() {
        try {
            // It may come here before the cancel of the scope finds it, or between the two halves of its own.
            CancelReason reason = scope.cancelled();
            if (reason != null) {
                cancel(reason);
            }
            endIfCancelled();
            if (beginRunning()) {
                runTask();
            }
        } finally {
            if (!permitIsElsewhere) {
                scope.onPermitFree(this, scope.reusesThreadOf(this) ? null : Thread.currentThread());
            }
        }
        return null;
    }

    /** The subtask that the calling thread runs; null if it runs none. */
    static @Nullable ScopedSubtask<?> current() {
        return Thread.currentThread().getUncaughtExceptionHandler() instanceof ScopedSubtask<?> subtask
                ? subtask
                : null;
    }

    // As the handler of its thread it is found by current(), without a thread local in each of a million
    // virtual threads. What a task throws is caught long before; this is for what goes wrong outside of it.
    @Override
    public void uncaughtException(Thread failed, Throwable thrown) {
        log.error("the thread of {} has ended outside of its task", describe(), thrown);
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
        return policy == CancelPolicy.ABANDON ? runAbandonable(task) : runHere(task);
    }

    private T runHere(Callable<? extends T> code) throws Exception {
        onStarted(ITS_THREAD);
        return callAndTidy(code, context);
    }

    // What its code leaves open would keep the thread from ending, and with it the scope.
    private T callAndTidy(Callable<? extends T> code, ForkContext forked) throws Exception {
        T value;
        try {
            value = call(code, forked);
        } catch (Throwable e) {
            try {
                closeLeftOpen();
            } catch (RuntimeException complaint) { // its exception is not ours to change
                log.warn("{} has failed, which it says itself; and there is this", describe(), complaint);
            }
            throw e;
        }
        closeLeftOpen();
        return value;
    }

    private void closeLeftOpen() {
        if (!hasOpenedScopes) {
            return;
        }
        List<NurseryScope<?, ?>> leftOpen = ScopeTree.openInside(this);
        Complaints complaints = new Complaints();
        complaints.close(leftOpen);
        if (!leftOpen.isEmpty()) {
            complaints.addFirst(new IllegalStateException(ScopeMessages.leftOpen(this, leftOpen)));
        }
        complaints.throwFirst();
    }

    /** Its code opens a scope. */
    void opensScope() {
        hasOpenedScopes = true;
    }

    private static <T extends @Nullable Object> T call(Callable<? extends T> code, ForkContext context)
            throws Exception {
        if (context == ForkContext.NOTHING) {
            return code.call(); // the thread is new, has nothing, and ends with the task
        }
        ForkContext.Installed installed = context.install();
        try {
            return code.call();
        } finally {
            installed.remove();
        }
    }

    private T runAbandonable(Callable<? extends T> code) throws Throwable {
        ForkContext forked =
                context; // here, and the start is told here: the other thread may come when this subtask has ended
        onStarted(name());
        AbandonableCall<T> call = new AbandonableCall<>(
                name(), this, () -> callAndTidy(code, forked), () -> scope.onPermitFree(this, Thread.currentThread()));
        Thread instead = call.start();
        abandonable = instead;
        permitIsElsewhere = true;
        return call.await(instead);
    }

    /** Its code starts, here or in a worker. */
    @Override
    public void onStarted(String newRunner) {
        startedNanos = scope.clock().nanoTime();
        RUNNER.setRelease(this, newRunner); // after startedNanos
        scope.onStarted(this);
    }

    /** The thread or worker that runs its code, for people; null if it has not started. */
    @Nullable
    String runner() {
        String started = runner;
        return ITS_THREAD.equals(started) ? name() : started; // its thread has its name
    }

    /** Its code says how far it is, here or in a worker; one that was left behind has nothing to say any more. */
    @Override
    public void onProgress(double fraction, String message) {
        if (!hasEnded()) {
            scope.onProgress(this, fraction, message);
        }
    }

    /** How people call a thread. */
    static String describe(Thread thread) {
        return thread.getName().isEmpty() ? "virtual-" + thread.threadId() : thread.getName();
    }

    private void succeed(T value) {
        endRunning();
        endHooks();
        result = value;
        end(State.SUCCESS);
    }

    private void fail(Throwable e) {
        endRunning();
        endHooks();
        if (InterruptShape.matches(e) && isCancelled()) {
            end(State.CANCELLED);
        } else {
            endFailed(e);
        }
    }

    // Its code may have heard of a cancel around, by checkCancelled, before the cancel has come down to it.
    private boolean isCancelled() {
        CancelReason ofScope = scope.cancelling().reasonForSubtasks();
        if (ofScope != null) {
            CANCEL_REASON.compareAndSet(this, null, ofScope);
        }
        return cancelReason != null;
    }

    private void endFailed(Throwable e) {
        exception = e;
        if (startup == null || !startup.failsForCaller()) {
            scope.onFailing(this, e); // before anybody can see the state
        }
        end(State.FAILED);
    }

    /** Whether the joiner has to hear of its end: of daemons and started tasks only if they fail, and that is not the caller's. */
    boolean concernsJoiner() {
        boolean regular = !daemon && startup == null;
        return regular || (state == State.FAILED && (startup == null || !startup.failsForCaller()));
    }

    /** It could not be made ready: it fails, unless it was cancelled before. */
    void failUnstarted(Throwable e) {
        if (endWaiting()) {
            letGoOfBackend();
            endFailed(e);
        }
    }

    /** It had its permit, but its thread could not be started. */
    void failToStart(Throwable e) {
        try {
            failUnstarted(e);
        } finally {
            scope.onPermitFree(this, null);
        }
    }

    /** It starts with a permit of this limiter. */
    void needsPermitOf(Limiter newLimiter) {
        limiter = newLimiter;
    }

    @Override
    public void granted(@Nullable Thread before) {
        scope.onGranted(this, before);
    }

    @Override
    public boolean isGone() {
        return hasEnded();
    }

    @Override
    public WaitGraph.@Nullable Wait waitsFor() {
        Limiter needed = limiter;
        if (needed != null && isWaiting()) {
            return new WaitGraph.Permit(needed, this);
        }
        Thread running = codeThread();
        return running == null || hasEnded() ? null : ThreadWaits.of(running);
    }

    /** The thread that runs its code, or waits for its worker; null if it has not started. */
    @Nullable
    Thread codeThread() {
        Thread instead = abandonable;
        return instead == null ? thread() : instead;
    }

    /** Whether it has ended, and not on the calling thread: who still runs below it was left behind and belongs to nobody. */
    boolean hasEndedElsewhere() {
        return hasEnded() && thread() != Thread.currentThread();
    }

    /** It has to wait for a permit. */
    void announceQueued() {
        if (whileWaiting(() -> scope.onQueued(this))) {
            endIfCancelled();
        }
    }

    /** Ends it if somebody has cancelled it while it was being announced. */
    void endIfCancelled() {
        if (cancelReason != null) {
            endIfWaiting();
        }
    }

    private void end(State finalState) {
        task = null;
        execution = null;
        context = ForkContext.NOTHING;
        endedNanos = scope.clock().nanoTime();
        STATE.setRelease(this, finalState); // after what came of it; who waits sees it at the latest from endFollowers
        scope.onEnded(this);
    }

    /** Cancels it for this reason, unless it has ended or was cancelled before. */
    void cancel(CancelReason reason) {
        if (hasEnded() || !CANCEL_REASON.compareAndSet(this, null, reason) || endIfWaiting() || !isRunning()) {
            return; // one that is being announced ends afterwards
        }
        cancelledNanos = scope.clock().nanoTime();
        scope.onCancelling(this, reason); // before its own code hears of it
        CancelHooks present = hooks;
        if (present != null) {
            present.run();
        }
        CpuExecution<? extends T> remote = execution;
        if (remote != null) {
            cancel(remote, reason.text());
        } else if (policy != CancelPolicy.WAIT) {
            interrupt();
        }
        scope.onCancelledWhileRunning();
    }

    private boolean endIfWaiting() {
        boolean waits = endWaiting();
        if (waits) {
            Limiter needed = limiter;
            if (needed != null) {
                needed.withdraw(this);
            }
            letGoOfBackend();
            end(State.CANCELLED);
        }
        return waits;
    }

    /** It does not start: its backend need not wait for it. */
    void letGoOfBackend() {
        CpuExecution<? extends T> remote = execution;
        if (remote != null) {
            cancel(remote, "it was not started");
        }
    }

    // A backend that breaks its promise must not keep the cancel from the siblings.
    private void cancel(CpuExecution<?> remote, String reason) {
        try {
            remote.cancel(reason);
        } catch (Throwable e) {
            log.error("{}: its backend threw when it was told to cancel", describe(), e);
        }
    }

    /** Whether its code goes on here although it was cancelled; the pool looks after those in workers. */
    boolean runsOnAfterCancel() {
        return cancelReason != null && kind != TaskKind.CPU && isRunning();
    }

    /** How long ago it was cancelled, in ns; 0 if it was not, or only just now. */
    long nanosSinceCancel() {
        long since = cancelledNanos;
        return since == 0 ? 0 : scope.clock().nanoTime() - since;
    }

    /** It goes on although it was cancelled. */
    void interruptAgain() {
        if (policy != CancelPolicy.WAIT) {
            interrupt();
        }
    }

    /** Runs {@code hook} when this subtask is cancelled; at once if it was. Called by its own code. */
    CancelHook addHook(TaskAction hook) {
        CancelHooks present = hooks;
        if (present == null) {
            present = new CancelHooks(describe());
            CancelHooks before = (CancelHooks) HOOKS.compareAndExchange(this, null, present);
            present = before == null ? present : before;
        }
        CancelHook entry = present.add(hook);
        if (cancelReason != null) {
            present.run(); // whoever cancelled has perhaps not seen it
        }
        return entry;
    }

    private void endHooks() {
        CancelHooks present = hooks;
        if (present != null) {
            present.end();
        }
    }

    /** Its scope, or one that a thread waiting here has opened, was cancelled: whoever waits looks again. */
    void wakeAwaiting() {
        Followers waiting = followers;
        if (waiting != null) {
            waiting.wake();
        }
    }

    /** Lets go of everybody who waits for this subtask, and runs what is to run after it; once. */
    void endFollowers() {
        Followers all = (Followers) FOLLOWERS.getAndSet(this, Followers.OVER);
        if (all != null) { // mostly there is nobody
            all.end().forEach(Trampoline::run);
        }
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

    /** The owner has waited for it, and may look at it. Owner thread only. */
    void awaitedByOwner() {
        awaitedByOwner = true;
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
        if (ScopePlace.subtaskAround(ScopeTree.here()) == this) {
            throw new IllegalStateException(describe() + " cannot await itself");
        }
        awaitEndOr(() -> false);
        scope.onSeen(this);
        return resultOrThrow();
    }

    /** Waits until it has ended, or {@code enough} is found, or a cancel ends the wait. */
    void awaitEndOr(BooleanSupplier enough) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        if (state == State.UNAVAILABLE) {
            BooleanSupplier over =
                    () -> state != State.UNAVAILABLE || enough.getAsBoolean() || scope.isCancelledForCaller();
            scope.whileCallerAwaits(
                    this::wakeAwaiting,
                    () -> ThreadWaits.during(
                            "in await", neededUntil(enough), () -> followers().await(over)));
        }
    }

    // What the caller waits for: this one, or nobody any more.
    private Collection<ScopedSubtask<?>> neededUntil(BooleanSupplier enough) {
        return new AbstractCollection<>() {
            @Override
            public Iterator<ScopedSubtask<?>> iterator() {
                return enough.getAsBoolean()
                        ? Collections.emptyIterator()
                        : List.<ScopedSubtask<?>>of(ScopedSubtask.this).iterator();
            }

            @Override
            public int size() {
                return enough.getAsBoolean() ? 0 : 1;
            }
        };
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
        ScopedSubtask<U> next = scope.admitContinuation(function, daemon);
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

    @Override
    public ScopePlace around() {
        return scope.tree();
    }

    @Override
    public @Nullable CancelReason cancelled() {
        return cancelReason;
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
        return runner != null ? Optional.of(scope.instantOf(startedNanos)) : Optional.empty();
    }

    @Override
    public Optional<Instant> endedAt() {
        return state == State.UNAVAILABLE ? Optional.empty() : Optional.of(scope.instantOf(endedNanos));
    }

    /** What it does now, if it has not ended. */
    ScopeSnapshot.Entry snapshot(List<ScopeSnapshot> inside) {
        String runsOn = runner();
        long since = runsOn == null ? queuedNanos : startedNanos;
        ScopeSnapshot.Activity activity = runsOn == null
                ? ScopeSnapshot.Activity.WAITING
                : cancelReason == null ? ScopeSnapshot.Activity.RUNNING : ScopeSnapshot.Activity.STOPPING;
        return new ScopeSnapshot.Entry(
                this,
                activity,
                Optional.ofNullable(runsOn),
                Duration.ofNanos(scope.clock().nanoTime() - since),
                inside);
    }

    /** When it ended, on the monotonic clock; 0 if it has not. */
    long endedNanos() {
        return state == State.UNAVAILABLE ? 0 : endedNanos;
    }

    /** How long it has run, in ns; 0 if it has not started. */
    long ranNanos() {
        return runner != null ? scope.clock().nanoTime() - startedNanos : 0;
    }

    /** How messages call it. */
    @Override
    public String describe() {
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
