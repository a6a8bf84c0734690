package dev.loomscope;

import dev.loomscope.Subtask.State;
import dev.loomscope.core.CpuExecution;
import dev.loomscope.core.CpuOutcome;
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
import java.util.Objects;
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
                Runnable,
                Thread.UncaughtExceptionHandler {

    private static final Logger log = LoggerFactory.getLogger(ScopedSubtask.class);
    private static final VarHandle ENDED = varHandle("ended", SubtaskEnd.class);
    private static final VarHandle STARTED_NANOS = varHandle("startedNanos", long.class);
    private static final VarHandle EXTRAS = varHandle("extras", SubtaskExtras.class);

    // A million of these may wait at a time: what most do not need is in SubtaskExtras, and a test counts the bytes.
    private final NurseryScope<?, ?> scope;
    private final SubtaskTraits traits;
    private final @Nullable String givenName;
    private final long id;
    private final long queuedNanos;

    private @Nullable Callable<? extends T> task; // set before the start, cleared at the end
    private SubtaskList.@Nullable Segment
            segment; // set before anybody else knows it, cleared once by whoever removes it
    private short slot; // set before anybody else knows it
    private boolean awaitedByOwner; // owner thread only

    private volatile boolean needsPermit; // by whoever starts it, once
    private volatile long startedNanos; // by whoever runs it; 0 if it has not started
    private volatile @Nullable SubtaskExtras extras; // any thread; made by the first who needs it
    private volatile @Nullable SubtaskEnd ended; // by whoever ends it, once

    ScopedSubtask(NurseryScope<?, ?> scope, long id, @Nullable String givenName, SubtaskTraits traits) {
        this.scope = scope;
        this.id = id;
        this.givenName = givenName;
        this.traits = traits;
        this.queuedNanos = scope.clock().nanoTime();
    }

    /** Says what to run; before the start. */
    void load(Callable<? extends T> newTask, @Nullable CpuExecution<? extends T> execution) {
        this.task = newTask;
        if (execution != null) {
            extras().runsAs(execution);
        }
    }

    /** Says who waits until it is ready; before the start. */
    void startsUp(Startup<?> startup) {
        extras().startsUp(startup);
    }

    private SubtaskExtras extras() {
        SubtaskExtras present = extras;
        if (present != null) {
            return present;
        }
        SubtaskExtras created = new SubtaskExtras();
        SubtaskExtras before = (SubtaskExtras) EXTRAS.compareAndExchange(this, null, created);
        return before == null ? created : before;
    }

    long id() {
        return id;
    }

    /** Says where the scope keeps it; before anybody else knows it. */
    void isAt(SubtaskList.Segment newSegment, int newSlot) {
        segment = newSegment;
        slot = (short) newSlot;
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
        return traits.daemon();
    }

    /** Whether its thread is a platform thread. */
    boolean needsPlatformThread() {
        return traits.needsPlatformThread();
    }

    /** Whether a cancel leaves its thread behind. */
    boolean isAbandonable() {
        return traits.isAbandonable();
    }

    SubtaskTraits traits() {
        return traits;
    }

    /** Starts the thread that was made for it, outside of everything. */
    void startThread() {
        heldThread().start();
    }

    // Its frame is the only one of ours below a task that waits, and of a million each has a copy. So it does little
    // itself: what comes before and after is in methods too long for the JIT to add their variables here.
    /** The code of its thread. */
    @Override
    public void run() {
        if (begins()) {
            T value;
            try {
                value = codeHere().call();
            } catch (Throwable e) {
                endThrowing(e);
                return;
            }
            endReturning(value);
        }
    }

    /** Has its backend run it. Any thread. */
    void startElsewhere() {
        if (!begins()) {
            return;
        }
        try {
            execution().start(this::onOutcome);
        } catch (Throwable e) { // no memory, say
            onOutcome(new CpuOutcome.Failed<>(e));
        }
    }

    // One that runs elsewhere was loaded with what runs it.
    @SuppressWarnings("unchecked")
    private CpuExecution<T> execution() {
        return (CpuExecution<T>) Objects.requireNonNull(extras().execution(), "execution");
    }

    // What its end runs of users, such as a joiner, finds it as the subtask of the calling thread and may fork.
    private void onOutcome(CpuOutcome<T> outcome) {
        if (!extras().takeOutcome()) {
            log.error("{}: its backend said a second time how it had ended, which is ignored: {}", describe(), outcome);
        } else if (mayBlock()) {
            endOnBehalf(() -> endWith(outcome));
        } else {
            endWith(outcome);
        }
    }

    private void endOnBehalf(Runnable end) {
        setEndingThread(Thread.currentThread());
        try {
            runOnBehalf(end);
        } finally {
            setEndingThread(null);
        }
    }

    // What code of users finds as the subtask of the calling thread.
    private void runOnBehalf(Runnable action) {
        Thread thread = Thread.currentThread();
        Thread.UncaughtExceptionHandler before = thread.getUncaughtExceptionHandler();
        thread.setUncaughtExceptionHandler(this);
        try {
            action.run();
        } finally {
            thread.setUncaughtExceptionHandler(before);
        }
    }

    private void endWith(CpuOutcome<T> outcome) {
        switch (outcome) {
            case CpuOutcome.Succeeded<T> success -> endReturning(success.value());
            case CpuOutcome.Failed<T> failure -> endThrowing(failure.thrown());
            case CpuOutcome.Cancelled<T> cancelled -> endThrowing(cancelled.thrown());
        }
    }

    /** Whether what happens at its start and end may run code of users. */
    @Override
    public boolean mayBlock() {
        return !scope.isQuiet();
    }

    // It may come here before the cancel of the scope finds it, or between the two halves of its own.
    private boolean begins() {
        boolean begun = false;
        try {
            CancelReason reason = scope.cancelled();
            if (reason != null) {
                cancel(reason);
            }
            endIfCancelled();
            begun = traits.runsHere() ? beginRunning() : beginElsewhere();
        } finally {
            if (!begun) {
                scope.onEnding(this);
            }
        }
        return begun;
    }

    private void endReturning(T value) {
        try {
            try {
                closeLeftOpen();
            } catch (Throwable e) {
                fail(e);
                return;
            }
            if (endRunning()) {
                endHooks();
                end(State.SUCCESS, value);
            } else {
                log.debug("abandoned {} has ended", describe());
            }
        } finally {
            scope.onEnding(this);
        }
    }

    private void endThrowing(Throwable thrown) {
        try {
            try {
                closeLeftOpenOfFailed();
            } finally {
                fail(thrown);
            }
        } finally {
            scope.onEnding(this);
        }
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
        SafeText.error(log, "the thread of %s has ended outside of its task".formatted(describe()), thrown);
    }

    // What the calling thread runs, from now on. A subtask that runs was loaded.
    @SuppressWarnings("NullAway")
    private Callable<? extends T> codeHere() {
        start();
        return task;
    }

    // What its code leaves open would keep the thread from ending, and with it the scope.
    private void closeLeftOpen() {
        SubtaskExtras present = extras;
        if (present == null || !present.hasOpenedScopes()) {
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

    // Its exception is not ours to change.
    private void closeLeftOpenOfFailed() {
        try {
            closeLeftOpen();
        } catch (RuntimeException complaint) {
            SafeText.warn(
                    log, "%s has failed, which it says itself; and there is this".formatted(describe()), complaint);
        }
    }

    /** Its code opens a scope. */
    void opensScope() {
        extras().opensScope();
    }

    /** Its code starts in a worker. */
    @Override
    public void onStarted(String worker) {
        extras().runsIn(worker);
        if (mayBlock()) {
            runOnBehalf(this::start);
        } else {
            start();
        }
    }

    private void start() {
        long now = scope.clock().nanoTime();
        STARTED_NANOS.setRelease(this, now == 0 ? 1 : now);
        scope.onStarted(this);
    }

    private boolean hasStarted() {
        return startedNanos != 0;
    }

    /** The thread or worker that runs its code, for people; null if it has not started. */
    @Nullable
    String runner() {
        if (!hasStarted()) {
            return null;
        }
        SubtaskExtras present = extras;
        String worker = present == null ? null : present.worker();
        return worker != null ? worker : name(); // its thread has its name
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

    private void fail(Throwable e) {
        if (!endRunning()) {
            sayThatItFailedAbandoned(e);
            return;
        }
        endHooks();
        if (InterruptShape.matches(e) && isCancelled()) {
            end(State.CANCELLED, null);
        } else {
            endFailed(e);
        }
    }

    private void sayThatItFailedAbandoned(Throwable thrown) {
        if (InterruptShape.matches(thrown)) {
            log.debug("abandoned {} has ended", describe());
        } else {
            SafeText.warn(
                    log,
                    "%s was abandoned and has failed since; the failure is reported nowhere else".formatted(describe()),
                    thrown);
        }
    }

    // A hook that runs is waited for, so this is not for the thread that cancels.
    @Override
    void onInterrupted() {
        if (isAbandonable()) {
            CallbackThreads.execute(this::abandon);
        }
    }

    // Hooks that still run are left behind as well: one of them may wait for the abandoned thread.
    private void abandon() {
        if (endAbandoned()) {
            SubtaskExtras present = extras;
            if (present != null) {
                present.abandonHooks();
            }
            endOnBehalf(() -> end(State.CANCELLED, null));
        }
    }

    private void endHooks() {
        SubtaskExtras present = extras;
        if (present != null) {
            present.endHooks();
        }
    }

    // Its code may have heard of a cancel around, by checkCancelled, before the cancel has come down to it.
    private boolean isCancelled() {
        CancelReason ofScope = scope.cancelling().reasonForSubtasks();
        if (ofScope != null) {
            try {
                extras().cancelFor(ofScope);
            } catch (OutOfMemoryError e) {
                return true; // only nobody can ask for the reason
            }
        }
        return cancelled() != null;
    }

    private void endFailed(Throwable e) {
        try {
            if (!failsForCaller()) {
                scope.onFailing(this, e); // before anybody can see the state
            }
        } finally {
            end(State.FAILED, e);
        }
    }

    // Whether it was to become ready and has not: that is told to whoever started it, and not to the scope.
    private boolean failsForCaller() {
        Startup<?> startup = startup();
        return startup != null && startup.failsForCaller();
    }

    private @Nullable Startup<?> startup() {
        SubtaskExtras present = extras;
        return present == null ? null : present.startup();
    }

    /** Whether the joiner has to hear of its end: of daemons and started tasks only if they fail, and that is not the caller's. */
    boolean concernsJoiner() {
        boolean regular = !traits.daemon() && startup() == null;
        return regular || (state() == State.FAILED && !failsForCaller());
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
            scope.onPermitFree(this);
        }
    }

    /** It starts with a permit of the limiter for its kind. */
    void needsPermit() {
        needsPermit = true;
    }

    private @Nullable Limiter limiter() {
        return needsPermit ? scope.limiterOf(traits.kind()) : null;
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
        Limiter needed = limiter();
        if (needed != null && isWaiting()) {
            return new WaitGraph.Permit(needed, this);
        }
        Thread running = thread();
        return running == null || hasEnded() ? null : ThreadWaits.of(running);
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
        if (cancelled() != null) {
            endIfWaiting();
        }
    }

    private void end(State finalState, @Nullable Object value) {
        task = null;
        SubtaskExtras present = extras;
        if (present != null) {
            present.letGoOfTask();
        }
        try {
            publish(endOf(finalState, value), finalState);
        } finally {
            scope.onEnded(this); // in any case: the join hangs on it
        }
    }

    private SubtaskEnd endOf(State finalState, @Nullable Object value) {
        try {
            return new SubtaskEnd(finalState, value, scope.clock().nanoTime());
        } catch (OutOfMemoryError e) {
            return SubtaskEnd.withoutMemory(finalState);
        }
    }

    private void publish(SubtaskEnd end, State intended) {
        try {
            if (end == SubtaskEnd.LOST && intended == State.SUCCESS && !failsForCaller()) {
                scope.onFailing(this, SubtaskEnd.NO_MEMORY);
            }
        } finally {
            ENDED.setRelease(this, end); // who waits sees it at the latest from endFollowers
        }
    }

    /** Cancels it for this reason, unless it has ended or was cancelled before. */
    void cancel(CancelReason reason) {
        if (hasEnded()) {
            return;
        }
        SubtaskExtras own;
        try {
            own = extras();
        } catch (OutOfMemoryError e) {
            if (scope.cancelled() == null) {
                throw e; // to whoever wanted to cancel this one alone
            }
            stopWithoutReason();
            return;
        }
        if (!own.cancelFor(reason) || endIfWaiting() || !isRunning()) {
            return; // one that is being announced ends afterwards
        }
        own.cancelledAt(scope.clock().nanoTime());
        try {
            scope.onCancelling(this, reason); // before its own code hears of it
            own.runHooks();
        } finally {
            stop(own.execution(), reason);
        }
    }

    private void stop(@Nullable CpuExecution<?> remote, CancelReason reason) {
        if (remote != null) {
            cancel(remote, reason.text());
        } else {
            interruptAgain();
        }
        scope.onCancelledWhileRunning();
    }

    // There is no memory to keep the reason in. Nothing hooks on it, or there were extras.
    private void stopWithoutReason() {
        if (!endIfWaiting() && isRunning()) {
            interruptAgain();
        }
    }

    private boolean endIfWaiting() {
        boolean waits = endWaiting();
        if (waits) {
            Limiter needed = limiter();
            try {
                if (needed != null) {
                    needed.withdraw(this);
                }
                letGoOfBackend();
            } finally {
                end(State.CANCELLED, null);
            }
        }
        return waits;
    }

    /** It does not start: its backend need not wait for it. */
    void letGoOfBackend() {
        SubtaskExtras present = extras;
        CpuExecution<?> remote = present == null ? null : present.execution();
        if (remote != null) {
            cancel(remote, "it was not started");
        }
    }

    // A backend that breaks its promise must not keep the cancel from the siblings.
    private void cancel(CpuExecution<?> remote, String reason) {
        try {
            remote.cancel(reason);
        } catch (Throwable e) {
            SafeText.error(log, "%s: its backend threw when it was told to cancel".formatted(describe()), e);
        }
    }

    /** Whether its code goes on here although it was cancelled; the pool looks after those in workers. */
    boolean runsOnAfterCancel() {
        return cancelled() != null && kind() != TaskKind.CPU && isRunning();
    }

    /** How long ago it was cancelled, in ns; 0 if it was not, or only just now. */
    long nanosSinceCancel() {
        SubtaskExtras present = extras;
        long since = present == null ? 0 : present.cancelledNanos();
        return since == 0 ? 0 : scope.clock().nanoTime() - since;
    }

    /** It goes on although it was cancelled. */
    void interruptAgain() {
        if (traits.policy() != CancelPolicy.WAIT) {
            interrupt();
        }
    }

    /** Runs {@code hook} when this subtask is cancelled; at once if it was. Called by its own code. */
    CancelHook addHook(TaskAction hook) {
        return extras().addHook(describe(), hook);
    }

    /** Its scope, or one that a thread waiting here has opened, was cancelled: whoever waits looks again. */
    void wakeAwaiting() {
        SubtaskExtras present = extras;
        if (present != null) {
            present.wakeFollowers();
        }
    }

    /** Lets go of everybody who waits for this subtask, and runs what is to run after it; once. */
    void endFollowers() {
        SubtaskExtras before = extras;
        if (before == null) { // mostly there is nobody
            before = (SubtaskExtras) EXTRAS.compareAndExchange(this, null, SubtaskExtras.NONE_AT_END);
        }
        if (before != null) {
            before.endFollowers(!traits.runsHere() && !mayBlock());
        }
    }

    @Override
    public State state() {
        SubtaskEnd seen = ended;
        return seen == null ? State.UNAVAILABLE : seen.state();
    }

    @Override
    public T get() {
        ensureMayLook();
        return switch (state()) {
            case SUCCESS -> result();
            case FAILED ->
                throw new IllegalStateException(describe() + " failed: there is no result", exceptionOrNull());
            case CANCELLED ->
                throw new IllegalStateException(
                        "%s was cancelled (%s): there is no result".formatted(describe(), cancelled()));
            case UNAVAILABLE ->
                throw new IllegalStateException(describe() + " has not ended: join the scope or await it first");
        };
    }

    // For SUCCESS only: then it is what the task returned, a T.
    @SuppressWarnings({"NullAway", "unchecked"})
    private T result() {
        return (T) ended.value();
    }

    @Override
    public Throwable exception() {
        ensureMayLook();
        Throwable thrown = exceptionOrNull();
        if (thrown == null) {
            throw new IllegalStateException("%s did not fail, it is %s".formatted(describe(), state()));
        }
        return thrown;
    }

    /** What it threw, for ourselves; null if it did not. */
    @Nullable
    Throwable exceptionOrNull() {
        SubtaskEnd seen = ended;
        return seen == null ? null : seen.exception();
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
        if (ended == null) {
            BooleanSupplier over = () -> ended != null || enough.getAsBoolean() || scope.isCancelledForCaller();
            scope.whileCallerAwaits(
                    this::wakeAwaiting,
                    () -> ThreadWaits.during(
                            "in await",
                            neededUntil(enough),
                            () -> extras().followers().await(over)));
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

    private T resultOrThrow() throws ScopeFailedException {
        return switch (state()) {
            case SUCCESS -> result();
            case FAILED -> {
                Throwable thrown = exceptionOrNull();
                throw scope.outcome().failure("%s failed: %s".formatted(describe(), SafeText.of(thrown)), thrown);
            }
            case CANCELLED ->
                throw scope.outcome().cancelled("%s was cancelled: %s".formatted(describe(), cancelled()));
            case UNAVAILABLE -> throw scope.cancelledForCaller(describe());
        };
    }

    @Override
    public void cancel() {
        cancel(CancelReason.of(CancelReason.Source.SINGLE, "cancelled alone by " + Thread.currentThread()));
    }

    @Override
    public <U extends @Nullable Object> Subtask<U> then(TaskFunction<? super T, ? extends U> function) {
        ForkContext context = ForkContext.capture();
        ClassLoader classes = Thread.currentThread().getContextClassLoader();
        ScopedSubtask<U> next = scope.admitContinuation(function, traits.daemon());
        CpuForks forks;
        try {
            forks = scope.forksAsOfNow(next);
        } catch (Throwable e) {
            next.failUnstarted(e);
            return next;
        }
        Runnable action = () -> proceedTo(next, function, context, forks, classes);
        if (!extras().followers().add(action)) {
            action.run();
        }
        return next;
    }

    // On the thread that has ended this one: what is read there of the class loader is to be as it was for 'then'.
    private <U extends @Nullable Object> void proceedTo(
            ScopedSubtask<U> next,
            TaskFunction<? super T, ? extends U> function,
            ForkContext context,
            CpuForks forks,
            @Nullable ClassLoader classes) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(classes);
        try {
            proceedTo(next, function, context, forks);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private <U extends @Nullable Object> void proceedTo(
            ScopedSubtask<U> next, TaskFunction<? super T, ? extends U> function, ForkContext context, CpuForks forks) {
        if (state() == State.SUCCESS) {
            scope.startContinuation(next, function, result(), context, forks);
        } else {
            boolean wanted = cancelSource() == CancelReason.Source.SINGLE;
            next.cancel(CancelReason.of(
                    wanted ? CancelReason.Source.SINGLE : CancelReason.Source.PARENT,
                    "%s, which it continues, ended as %s".formatted(describe(), state())));
        }
    }

    @Override
    public String name() {
        return givenName != null ? givenName : traits.namePrefix() + id;
    }

    @Override
    public TaskKind kind() {
        return traits.kind();
    }

    @Override
    public Optional<CancelReason> cancelReason() {
        return Optional.ofNullable(cancelled());
    }

    @Override
    public ScopePlace around() {
        return scope.tree();
    }

    @Override
    public @Nullable CancelReason cancelled() {
        SubtaskExtras present = extras;
        return present == null ? null : present.cancelReason();
    }

    /** What cancelled it; null if nothing did. */
    CancelReason.@Nullable Source cancelSource() {
        CancelReason reason = cancelled();
        return reason == null ? null : reason.source();
    }

    @Override
    public Instant queuedAt() {
        return scope.instantOf(queuedNanos);
    }

    @Override
    public Optional<Instant> startedAt() {
        return hasStarted() ? Optional.of(scope.instantOf(startedNanos)) : Optional.empty();
    }

    @Override
    public Optional<Instant> endedAt() {
        SubtaskEnd seen = ended;
        return seen == null ? Optional.empty() : Optional.of(scope.instantOf(nanosOf(seen)));
    }

    // Without memory nobody has noted when it ended: not before this.
    private long nanosOf(SubtaskEnd end) {
        return end.nanos() != 0 ? end.nanos() : hasStarted() ? startedNanos : queuedNanos;
    }

    /** What it does now, if it has not ended. */
    ScopeSnapshot.Entry snapshot(List<ScopeSnapshot> inside) {
        String runsOn = runner();
        long since = runsOn == null ? queuedNanos : startedNanos;
        ScopeSnapshot.Activity activity = runsOn == null
                ? ScopeSnapshot.Activity.WAITING
                : cancelled() == null ? ScopeSnapshot.Activity.RUNNING : ScopeSnapshot.Activity.STOPPING;
        return new ScopeSnapshot.Entry(
                this,
                activity,
                Optional.ofNullable(runsOn),
                Duration.ofNanos(scope.clock().nanoTime() - since),
                inside);
    }

    /** When it ended, on the monotonic clock; 0 if it has not. */
    long endedNanos() {
        SubtaskEnd seen = ended;
        return seen == null ? 0 : seen.nanos();
    }

    /** How long it has run, in ns; 0 if it has not started. */
    long ranNanos() {
        return hasStarted() ? scope.clock().nanoTime() - startedNanos : 0;
    }

    /** How messages call it. */
    @Override
    public String describe() {
        return "subtask '%s' (%s)".formatted(name(), kind());
    }

    @Override
    public String toString() {
        return "Subtask[%s, %s, %s]".formatted(name(), kind(), state());
    }

    private static VarHandle varHandle(String field, Class<?> type) {
        try {
            return MethodHandles.lookup().findVarHandle(ScopedSubtask.class, field, type);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
