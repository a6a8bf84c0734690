package dev.loomscope;

import dev.loomscope.CancelReason.Source;
import dev.loomscope.DeadlineExceededException.Unfinished;
import dev.loomscope.Subtask.State;
import dev.loomscope.core.CpuBackend;
import dev.loomscope.core.CpuExecution;
import dev.loomscope.core.CpuRequest;
import dev.loomscope.core.Task;
import dev.loomscope.core.TaskClassifier;
import dev.loomscope.core.TaskFunction;
import dev.loomscope.core.TaskKind;
import dev.loomscope.process.ProcessPool;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one implementation of {@link MixedScope}.
 *
 * <p>The JDK's scope, behind {@link ThreadStarter}, contains the threads. Everything that users observe is kept here: which subtasks
 * live, how many are pending, the failures, the reason of the cancel, the deadline.
 *
 * <p>A subtask is pending from {@link #admit} until the last line of {@link #onEnded}: when {@code join} returns, its outcome, its
 * failure and its continuations are all in place. Its thread may take a moment longer, which {@code close} waits for.
 */
final class NurseryScope<T extends @Nullable Object, R extends @Nullable Object> implements MixedScope<T, R> {

    private static final Logger log = LoggerFactory.getLogger(NurseryScope.class);
    private static final AtomicLong scopeIds = new AtomicLong();
    private static final AtomicLong subtaskIds = new AtomicLong();

    private final String name;
    private final ScopeConfig config;
    private final Joiner<? super T, ? extends R> joiner;
    private final @Nullable BodyInterrupt body;
    private final Thread owner = Thread.currentThread();
    private final ScopeTree tree;
    private final ScopeEvents events;
    private final ThreadStarter starter;
    private final @Nullable Gate ioGate;
    private final Gate blockingGate;
    private final ScopeResources resources = new ScopeResources();
    private final Instant openedAt = Instant.now();
    private final long openedNanos = System.nanoTime();

    private final Set<ScopedSubtask<?>> live = ConcurrentHashMap.newKeySet();
    private final Pending pending = new Pending();
    private final Failures failures = new Failures();
    private final AtomicReference<@Nullable CancelReason> cancelReason = new AtomicReference<>();
    private final AtomicReference<@Nullable Throwable> joinerProblem = new AtomicReference<>(); // thrown by onComplete
    private volatile @Nullable ScopedSubtask<?> ownerAwaits; // owner thread; of a scope around this one
    private volatile List<Unfinished> unfinished = List.of(); // set once, before the cancel by the deadline
    private volatile boolean untoldFailures; // any thread; whether something failed of which no join has told
    private volatile boolean cutByDeadline; // any thread; never goes back to false
    private volatile boolean closed; // owner thread; never goes back to false

    private @Nullable Future<?> timer; // owner thread only
    private boolean unjoinedForks; // owner thread only
    private long joinedThrough; // owner thread only; subtasks up to this id have been joined
    private @Nullable ScopeFailedException joinFailure; // owner thread only

    private NurseryScope(Joiner<? super T, ? extends R> joiner, ScopeConfig config, @Nullable BodyInterrupt body) {
        this.joiner = Objects.requireNonNull(joiner, "joiner");
        this.config = config;
        this.body = body;
        this.name = config.name() != null ? config.name() : "scope-" + scopeIds.incrementAndGet();
        this.events = new ScopeEvents(name, config.listeners());
        this.ioGate = config.maxIo() == Integer.MAX_VALUE ? null : new Gate(config.maxIo());
        this.blockingGate = new Gate(config.maxBlocking());
        this.tree = new ScopeTree(this);
        this.starter = new ThreadStarter(name);
    }

    static <T extends @Nullable Object, R extends @Nullable Object> NurseryScope<T, R> open(
            Joiner<? super T, ? extends R> joiner, ScopeConfig config) {
        return open(joiner, config, null);
    }

    static <T extends @Nullable Object, R extends @Nullable Object> NurseryScope<T, R> open(
            Joiner<? super T, ? extends R> joiner, ScopeConfig config, @Nullable BodyInterrupt body) {
        NurseryScope<T, R> scope = new NurseryScope<>(joiner, config, body);
        scope.begin();
        return scope;
    }

    private void begin() {
        tree.open();
        events.opened();
        Deadline deadline = config.effectiveDeadline();
        if (deadline != null && deadline.isExpired()) {
            onDeadline();
        } else if (deadline != null) {
            timer = ScopeTimer.schedule(deadline, this::onDeadline);
        }
        NurseryScope<?, ?> enclosing = tree.enclosing();
        if (enclosing != null) {
            enclosing.cancelReason().ifPresent(this::cancelFromOutside);
        }
    }

    // ---------------------------------------------------------------- fork

    @Override
    public <U extends T> Subtask<U> forkTask(
            @Nullable String subtaskName, @Nullable TaskKind kind, Callable<? extends U> task) {
        Objects.requireNonNull(task, "task");
        ensureInTree("fork");
        ensureOpen();
        ScopedSubtask<U> subtask = create(subtaskName, kind != null ? kind : TaskClassifier.kindOf(task));
        subtask.load(task, prepare(subtask, task));
        admit(subtask);
        start(subtask);
        return subtask;
    }

    private <U extends @Nullable Object> ScopedSubtask<U> create(@Nullable String subtaskName, TaskKind kind) {
        return new ScopedSubtask<>(this, subtaskIds.incrementAndGet(), subtaskName, kind);
    }

    private <U extends @Nullable Object> @Nullable CpuExecution<? extends U> prepare(
            ScopedSubtask<U> subtask, Callable<? extends U> task) {
        if (subtask.kind() != TaskKind.CPU || cancelReason.get() != null) {
            return null; // a subtask of a cancelled scope never starts
        }
        CpuBackend backend = config.cpuBackend() != null ? config.cpuBackend() : ProcessPool.shared();
        return backend.prepare(new CpuRequest<U>(task, subtask.name(), subtask::onStarted));
    }

    // The joiner was declared for a supertype of T, and every subtask of this scope has a result of a subtype of T, or
    // none.
    @SuppressWarnings("unchecked")
    private Joiner<@Nullable Object, ? extends R> joiner() {
        return (Joiner<@Nullable Object, ? extends R>) joiner;
    }

    // Listeners hear of the fork before anybody else can find the subtask and end it.
    private void admit(ScopedSubtask<?> subtask) {
        boolean enough = joiner().onFork(subtask);
        if (isOwner()) {
            unjoinedForks = true;
        }
        pending.add();
        events.forked(subtask);
        if (enough) {
            cancel(CancelReason.of(Source.JOINER, "the joiner has enough after the fork of " + subtask.describe()));
        }
    }

    // From now on the subtask is found by whoever cancels the scope; the reason is set before that search begins.
    private void expose(ScopedSubtask<?> subtask) {
        live.add(subtask);
        CancelReason reason = cancelReason.get();
        if (reason != null) {
            subtask.cancel(reason);
        }
    }

    private void start(ScopedSubtask<?> subtask) {
        Gate gate = gateOf(subtask);
        boolean permit = gate == null || gate.tryEnter();
        if (!permit) {
            events.queued(subtask);
        }
        expose(subtask);
        if (permit || (gate != null && gate.enter(subtask))) {
            startWithPermit(subtask);
        }
    }

    private void startWithPermit(ScopedSubtask<?> subtask) {
        if (subtask.hasEnded()) {
            onThreadFree(subtask);
        } else {
            starter.start(subtask);
        }
    }

    private @Nullable Gate gateOf(ScopedSubtask<?> subtask) {
        return switch (subtask.kind()) {
            case IO -> ioGate;
            case BLOCKING -> blockingGate;
            case CPU -> null; // the pool has the permits: its workers
        };
    }

    /** Takes in a subtask that starts when another has succeeded. */
    <U extends @Nullable Object> ScopedSubtask<U> admitContinuation(TaskFunction<?, ? extends U> function) {
        Objects.requireNonNull(function, "function");
        ensureInTree("then");
        ensureOpen();
        ScopedSubtask<U> subtask = create(null, TaskClassifier.kindOf(function));
        admit(subtask);
        expose(subtask);
        return subtask;
    }

    /** Starts it, on the thread that ended the other. */
    <A extends @Nullable Object, U extends @Nullable Object> void startContinuation(
            ScopedSubtask<U> subtask, TaskFunction<? super A, ? extends U> function, A argument) {
        try {
            Task<U> task = Task.of(function, argument);
            subtask.load(task, prepare(subtask, task));
            start(subtask);
        } catch (Throwable e) {
            subtask.failUnstarted(e);
        }
    }

    // ---------------------------------------------------------------- what subtasks say

    /** The calling thread begins to run a subtask of this scope. */
    void enterThread() {
        tree.enter();
    }

    /** The code of a subtask starts. */
    void onStarted(ScopedSubtask<?> subtask, String runner) {
        events.started(subtask, runner);
    }

    /** A subtask fails: whoever sees that it did finds it among the failures. */
    void onFailing(ScopedSubtask<?> subtask, Throwable thrown) {
        failures.add(subtask, thrown);
        untoldFailures = true;
    }

    /** A subtask has ended: its state is final. Once for each, on whichever thread ended it. */
    void onEnded(ScopedSubtask<?> subtask) {
        try {
            noteDeadline(subtask);
            events.ended(subtask, subtask.exceptionOrNull());
            askJoiner(subtask);
            subtask.runContinuations();
        } finally {
            live.remove(subtask);
            subtask.wakeAwaiting();
            pending.remove();
        }
    }

    private void noteDeadline(ScopedSubtask<?> subtask) {
        if (subtask.state() == State.CANCELLED
                && subtask.cancelReason().map(CancelReason::source).orElse(null) == Source.DEADLINE) {
            cutByDeadline = true;
        }
    }

    // A joiner is user code; what it throws is a failure like one of the subtask itself.
    private void askJoiner(ScopedSubtask<?> subtask) {
        boolean enough;
        try {
            enough = joiner().onComplete(subtask);
        } catch (Throwable e) {
            failures.add(subtask, e);
            joinerProblem.compareAndSet(null, e);
            cancel(CancelReason.failure(subtask));
            return;
        }
        if (enough) {
            cancel(
                    subtask.state() == State.FAILED
                            ? CancelReason.failure(subtask)
                            : CancelReason.of(Source.JOINER, "the joiner has enough with " + subtask.describe()));
        }
    }

    /** The thread of a subtask is about to end, and its permit is free. */
    void onThreadFree(ScopedSubtask<?> subtask) {
        Gate gate = gateOf(subtask);
        ScopedSubtask<?> next = gate == null ? null : gate.leave();
        if (next != null) {
            starter.startAfter(Thread.currentThread(), next);
        }
    }

    // ---------------------------------------------------------------- join

    @Override
    public R join() throws InterruptedException, ScopeFailedException {
        ensureOwner("join");
        ensureOpen();
        unjoinedForks = false;
        pending.await();
        joinedThrough = subtaskIds.get();
        try {
            return conclude();
        } catch (ScopeFailedException e) {
            joinFailure = e;
            throw e;
        }
    }

    private R conclude() throws ScopeFailedException {
        untoldFailures = false;
        CancelReason reason = cancelReason.get();
        if (reason != null && reason.source() == Source.DEADLINE && (cutByDeadline || !unfinished.isEmpty())) {
            throw deadlineExceeded(reason);
        }
        Throwable problem = joinerProblem.get();
        if (problem == null) {
            try {
                return joiner.result();
            } catch (Throwable e) {
                problem = joiner instanceof ThrowsFirstFailure ? failures.firstIfAmong(e) : e;
            }
        }
        throw failure(ScopeMessages.failed(name, problem, failures.toList(), reason), problem);
    }

    private DeadlineExceededException deadlineExceeded(CancelReason reason) {
        List<ScopeFailedException.Failure> all = failures.toList();
        Throwable cause = all.isEmpty() ? null : all.get(0).exception();
        return new DeadlineExceededException(
                this, ScopeMessages.deadline(name, unfinished, all), cause, all, reason, unfinished);
    }

    /** What {@code call} throws if its body, and perhaps nothing else, was cut short by the cancel. */
    ScopeFailedException bodyCutShort() {
        CancelReason reason = cancelReason.get();
        return reason != null && reason.source() == Source.DEADLINE
                ? deadlineExceeded(reason)
                : cancelled("the body of scope '%s' was interrupted: %s".formatted(name, reason));
    }

    /** What {@code join} and {@code await} throw for {@code cause}. */
    ScopeFailedException failure(String message, @Nullable Throwable cause) {
        return new ScopeFailedException(this, message, cause, failures.toList(), cancelReason.get());
    }

    // What has failed so far, as one exception; null if nothing has.
    private @Nullable ScopeFailedException failureSoFar() {
        List<ScopeFailedException.Failure> all = failures.toList();
        if (all.isEmpty()) {
            return null;
        }
        Throwable first = all.get(0).exception();
        return failure(ScopeMessages.failed(name, first, all, cancelReason.get()), first);
    }

    /** What {@code await} throws if there is no outcome: the cause is the first failure if that is why. */
    ScopeFailedException cancelled(String message) {
        List<ScopeFailedException.Failure> all = failures.toList();
        return failure(
                message,
                all.isEmpty() ? new CancellationException(message) : all.get(0).exception());
    }

    // ---------------------------------------------------------------- await

    /** A wait that an interrupt can end. */
    @FunctionalInterface
    interface Wait {
        void await() throws InterruptedException;
    }

    /** Waits for a subtask of this scope, in a way that the cancel of a scope which the caller has opened inside this one ends. */
    void whileCallerAwaits(ScopedSubtask<?> subtask, Wait wait) throws InterruptedException {
        List<NurseryScope<?, ?>> inside = tree.openInside();
        inside.forEach(scope -> scope.ownerAwaits = subtask);
        try {
            wait.await();
        } finally {
            inside.forEach(scope -> scope.ownerAwaits = null);
        }
    }

    /** Whether this scope was cancelled, or one that the caller has opened inside it. */
    boolean isCancelledForCaller() {
        return cancelReason.get() != null
                || tree.openInside().stream().anyMatch(scope -> scope.cancelReason.get() != null);
    }

    /** What {@code await} throws if a cancel has ended the wait, and not the end of the subtask. */
    ScopeFailedException cancelledForCaller(String subtask) {
        NurseryScope<?, ?> cancelled = tree.openInside().stream()
                .filter(scope -> scope.cancelReason.get() != null)
                .findFirst()
                .orElse(this);
        return cancelled.cancelled("%s has not ended, but scope '%s' was cancelled: %s"
                .formatted(subtask, cancelled.name, cancelled.cancelReason.get()));
    }

    // ---------------------------------------------------------------- cancel

    @Override
    public void cancel(String reason) {
        Objects.requireNonNull(reason, "reason");
        cancel(CancelReason.of(Source.EXPLICIT, reason));
    }

    private void cancel(CancelReason reason) {
        if (!cancelReason.compareAndSet(null, reason)) {
            return;
        }
        log.debug("scope '{}' is cancelled: {}", name, reason);
        events.cancelled(reason);
        tree.forEachNested(scope -> scope.cancelFromOutside(reason)); // first, so that they learn why
        live.forEach(subtask -> subtask.cancel(reason));
        live.forEach(ScopedSubtask::wakeAwaiting);
        ScopedSubtask<?> awaited = ownerAwaits;
        if (awaited != null) {
            awaited.wakeAwaiting();
        }
        if (body != null) {
            body.deliver();
        }
    }

    private void cancelFromOutside(CancelReason outer) {
        cancel(CancelReason.of(Source.PARENT, "the scope around it was cancelled: " + outer.text()));
    }

    private void onDeadline() {
        unfinished = live.stream()
                .filter(subtask -> !subtask.hasEnded())
                .sorted(Comparator.comparingLong(ScopedSubtask::id))
                .map(subtask -> new Unfinished(subtask, Duration.ofNanos(subtask.ranNanos())))
                .toList();
        cancel(CancelReason.of(Source.DEADLINE, "the deadline of scope '%s' has passed".formatted(name)));
    }

    @Override
    public Optional<CancelReason> cancelReason() {
        return Optional.ofNullable(cancelReason.get());
    }

    // ---------------------------------------------------------------- close

    @Override
    public <C extends AutoCloseable> C register(C resource) {
        Objects.requireNonNull(resource, "resource");
        ensureInTree("register");
        ensureOpen();
        resources.add(resource);
        return resource;
    }

    /** The body of {@link MixedScope#call} has thrown: nothing goes on, and the failures of subtasks are not lost. */
    void leave(Throwable thrown) {
        cancel(CancelReason.of(Source.OWNER_LEFT, "the body of scope '%s' threw %s".formatted(name, thrown)));
        pending.awaitUninterruptibly();
        unjoinedForks = false;
        untoldFailures = false;
        ScopeFailedException failed = failureSoFar();
        if (failed != null && !(thrown instanceof ScopeFailedException own && own.isOf(this))) {
            thrown.addSuppressed(failed);
        }
    }

    @Override
    public void close() {
        ensureOwner("close");
        if (closed) {
            return;
        }
        List<NurseryScope<?, ?>> forgotten = tree.openInside();
        List<RuntimeException> complaints = closeForgotten(forgotten);
        boolean leftUnjoined = unjoinedForks;
        if (leftUnjoined || pending.count() > 0) {
            cancel(CancelReason.of(Source.OWNER_LEFT, "the owner left scope '%s' without a join".formatted(name)));
        }
        pending.awaitUninterruptibly();
        closed = true;
        joinedThrough = subtaskIds.get();
        if (timer != null) {
            timer.cancel(false);
        }
        ResourceCloseException problem;
        try {
            starter.close();
        } finally {
            tree.close();
            problem = resources.closeAll(name);
            events.closed();
        }
        if (untoldFailures && !leftUnjoined) {
            log.warn("scope '{}' was closed after a join that was interrupted; this had failed", name, failureSoFar());
        }
        if (!forgotten.isEmpty()) {
            complaints.add(0, new IllegalStateException(ScopeMessages.closedTooEarly(name, forgotten)));
        }
        if (leftUnjoined) {
            complaints.add(new IllegalStateException(ScopeMessages.unjoined(name), failureSoFar()));
        }
        if (problem != null && joinFailure != null && complaints.isEmpty()) {
            joinFailure.addSuppressed(problem);
        } else if (problem != null) {
            complaints.add(problem);
        }
        throwFirst(complaints);
    }

    // Scopes that this thread has opened inside this one: nothing of them may outlive it.
    private static List<RuntimeException> closeForgotten(List<NurseryScope<?, ?>> forgotten) {
        List<RuntimeException> complaints = new ArrayList<>();
        for (NurseryScope<?, ?> scope : forgotten) {
            try {
                scope.close();
            } catch (RuntimeException e) {
                complaints.add(e);
            }
        }
        return complaints;
    }

    private static void throwFirst(List<RuntimeException> complaints) {
        if (!complaints.isEmpty()) {
            RuntimeException first = complaints.get(0);
            complaints.stream().skip(1).forEach(first::addSuppressed);
            throw first;
        }
    }

    // ---------------------------------------------------------------- guards and questions

    boolean isOwner() {
        return Thread.currentThread() == owner;
    }

    /** Whether the caller is the owner and has not joined since it forked this subtask. */
    boolean isOwnerUnjoined(long subtaskId) {
        return isOwner() && subtaskId > joinedThrough;
    }

    Instant instantOf(long nanoTime) {
        return openedAt.plusNanos(nanoTime - openedNanos);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String toString() {
        CancelReason reason = cancelReason.get();
        return "MixedScope[%s, %d pending%s%s]"
                .formatted(
                        name,
                        pending.count(),
                        reason == null ? "" : ", cancelled: " + reason,
                        closed ? ", closed" : "");
    }

    private void ensureOwner(String what) {
        if (!isOwner()) {
            throw new WrongThreadException("only the owner of scope '%s' (%s) may %s it, not %s"
                    .formatted(name, owner, what, Thread.currentThread()));
        }
    }

    /** Lets pass the owner and the threads of subtasks of this scope and of the scopes below. */
    void ensureInTree(String what) {
        if (isOwner() || tree.containsCurrentThread()) {
            return;
        }
        throw new WrongThreadException(
                "%s may not %s in scope '%s': it is neither its owner nor runs a subtask below it; open a scope of its own there"
                        .formatted(Thread.currentThread(), what, name));
    }

    private void ensureOpen() {
        if (closed) {
            throw new IllegalStateException("scope '%s' is closed".formatted(name));
        }
    }
}
