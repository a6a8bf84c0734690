package dev.loomscope;

import dev.loomscope.CancelReason.Source;
import dev.loomscope.DeadlineExceededException.Unfinished;
import dev.loomscope.core.CpuExecution;
import dev.loomscope.core.Task;
import dev.loomscope.core.TaskClassifier;
import dev.loomscope.core.TaskConsumer;
import dev.loomscope.core.TaskFunction;
import dev.loomscope.core.TaskKind;
import dev.loomscope.process.ProcessPool;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one implementation of {@link MixedScope}: it joins the parts that each know one thing.
 *
 * <p>The JDK's scope, behind {@link ThreadStarter}, contains the threads. Everything that users observe is kept here: which subtasks
 * live and how many are pending; {@link ScopeOutcome} has the failures and what becomes of them, {@link ScopeCancel} the cancel,
 * {@link SubtaskStarter} the permits, {@link ScopeTree} the scopes around and inside.
 *
 * <p>A subtask is pending from {@link #admit} until the last line of {@link #onEnded}: when {@code join} returns, its outcome, its
 * failure and its continuations are all in place. Its thread may take a moment longer, which {@code close} waits for.
 */
final class NurseryScope<T extends @Nullable Object, R extends @Nullable Object> implements MixedScope<T, R> {

    private static final Logger log = LoggerFactory.getLogger(NurseryScope.class);
    private static final AtomicLong scopeIds = new AtomicLong();

    private final String name;
    private final ScopeConfig config;
    private final Thread owner = Thread.currentThread();
    private final ScopeTree tree;
    private final ScopeEvents events;
    private final ScopeOutcome<T, R> outcome;
    private final SubtaskStarter starter;
    private final ScopeResources resources = new ScopeResources();
    private final Instant openedAt = Instant.now();
    private final ScopeClock clock;
    private final long openedNanos;

    private final SubtaskIds subtaskIds = new SubtaskIds();
    private final Subtasks subtasks = new Subtasks();
    private final CompletionQueues<T> completions = new CompletionQueues<>();
    private final Stragglers stragglers;
    private final ScopeCancel cancel;
    private final DeadlineWatch deadline;
    private final CpuForks cpuForks;
    private final boolean quiet;
    private final Pending pending = new Pending();
    private volatile boolean closed; // owner thread; never goes back to false

    private volatile boolean endingDaemons; // owner thread; while it joins and only daemons are left
    private boolean unjoinedForks; // owner thread only
    private boolean ownerTellsJoiner; // owner thread only
    private long joinedThrough; // owner thread only; subtasks up to this id have been joined
    private @Nullable ScopeFailedException joinFailure; // owner thread only
    private @Nullable InterruptedException joinInterrupt; // owner thread only; thrown by the last join

    private NurseryScope(
            Joiner<? super T, ? extends R> joiner, ScopeConfig config, @Nullable BodyInterrupt body, ScopeClock clock) {
        this.clock = clock;
        this.openedNanos = clock.nanoTime();
        this.deadline = new DeadlineWatch(clock, this::onDeadline);
        this.config = config;
        this.name = config.name() != null ? config.name() : "scope-" + scopeIds.incrementAndGet();
        this.events = new ScopeEvents(name, config.listeners());
        this.tree = new ScopeTree(this);
        this.cancel = new ScopeCancel(this, subtasks, events, completions, body);
        this.outcome = new ScopeOutcome<>(name, joiner, cancel::reason);
        boolean ourBackend = config.cpuBackend() == null || config.cpuBackend() instanceof ProcessPool;
        this.quiet = config.listeners().isEmpty() && outcome.isQuiet() && ourBackend;
        this.cpuForks = new CpuForks(this, config.cpuBackend());
        this.stragglers = new Stragglers(name, config.stragglerGrace(), subtasks, clock);
        this.starter = new SubtaskStarter(name, config);
    }

    static <T extends @Nullable Object, R extends @Nullable Object> NurseryScope<T, R> open(
            Joiner<? super T, ? extends R> joiner, ScopeConfig config) {
        return open(joiner, config, null, ScopeClock.SYSTEM);
    }

    static <T extends @Nullable Object, R extends @Nullable Object> NurseryScope<T, R> open(
            Joiner<? super T, ? extends R> joiner, ScopeConfig config, @Nullable BodyInterrupt body, ScopeClock clock) {
        NurseryScope<T, R> scope = new NurseryScope<>(joiner, config, body, clock);
        try {
            scope.begin();
        } catch (Throwable e) { // no memory or thread for its timer, say
            scope.close();
            throw e;
        }
        return scope;
    }

    private void begin() {
        tree.open();
        events.opened();
        setDeadline(config.effectiveDeadline(clock.nanoTime()));
        CancelReason outer = ScopePlace.cancelledAround(tree.around());
        if (outer != null) {
            cancel.fromOutside(outer);
        }
    }

    // ---------------------------------------------------------------- fork

    @Override
    public <U extends T> Subtask<U> forkTask(
            @Nullable String subtaskName, @Nullable TaskKind kind, Callable<? extends U> task) {
        return fork(subtaskName, kind, task, ForkOptions.DEFAULT);
    }

    /** Forks as a view of this scope says. */
    <U extends T> ScopedSubtask<U> fork(
            @Nullable String subtaskName, @Nullable TaskKind kind, Callable<? extends U> task, ForkOptions options) {
        Objects.requireNonNull(task, "task");
        ensureInTree("fork");
        ensureOpen();
        ScopedSubtask<U> subtask = create(subtaskName, kind != null ? kind : TaskClassifier.kindOf(task), options);
        ForkContext context = ForkContext.capture();
        subtask.load(around(subtask, context, task), cpuForks.prepare(subtask, task, context, options.heapMiB()));
        admitAndStart(subtask);
        return subtask;
    }

    /** Forks; but one of kind CPU waits, here, until its backend has room for it. */
    <U extends T> ScopedSubtask<U> forkWhenRoom(String subtaskName, TaskKind kind, Callable<? extends U> task)
            throws InterruptedException {
        ensureInTree("fork");
        ensureOpen();
        ScopedSubtask<U> subtask = create(subtaskName, kind, ForkOptions.DEFAULT);
        ForkContext context = ForkContext.capture();
        subtask.load(around(subtask, context, task), cpuForks.prepareWhenRoom(subtask, task, context));
        admitAndStart(subtask);
        return subtask;
    }

    // The code with what the thread that will run it does not inherit.
    private <U extends @Nullable Object> Callable<? extends U> around(
            ScopedSubtask<U> subtask, ForkContext context, Callable<? extends U> code) {
        Runner runner = starter.runnerOf(subtask);
        return runner.around(context.around(code, !runner.endsThread()));
    }

    private void admitAndStart(ScopedSubtask<?> subtask) {
        try {
            admit(subtask);
        } catch (Throwable e) { // of a user's joiner
            subtask.letGoOfBackend();
            throw e;
        }
        starter.start(subtask);
    }

    @Override
    public Forker<T> forker() {
        return new ForkView<>(this, ForkOptions.DEFAULT);
    }

    @Override
    public Forker<T> withCancelPolicy(CancelPolicy policy) {
        return forker().withCancelPolicy(policy);
    }

    @Override
    public Forker<T> asDaemons() {
        return forker().asDaemons();
    }

    @Override
    public Forker<T> withMaxHeapMiB(int heapMiB) {
        return forker().withMaxHeapMiB(heapMiB);
    }

    private <U extends @Nullable Object> ScopedSubtask<U> create(
            @Nullable String subtaskName, TaskKind kind, ForkOptions options) {
        SubtaskTraits traits = options.traitsOf(kind, config, starter.callerIsOutside());
        return new ScopedSubtask<>(this, subtaskIds.next(isOwner()), subtaskName, traits);
    }

    // Nobody ends it while it is admitted, so that listeners hear of the fork first.
    // Then whoever cancels the scope ends it: the reason is set before the search for live subtasks begins.
    private void admit(ScopedSubtask<?> subtask) {
        boolean enough = outcome.onFork(subtask);
        boolean byOwner = isOwner();
        if (byOwner && !unjoinedForks) { // else no write: what ends meanwhile reads fields beside this one
            unjoinedForks = true;
        }
        subtasks.add(subtask, byOwner); // nobody can end it yet, whoever finds it there
        pending.add(subtask.isDaemon(), byOwner);
        if (closed) { // meanwhile: its thread was abandoned while a joiner, say, kept it in its fork
            pending.remove(subtask.isDaemon());
            ensureOpen();
        }
        try {
            events.forked(subtask);
        } finally {
            subtask.beginWaiting(); // or else nobody could end it
        }
        // Who cancels finds the subtask, or what comes now finds the reason. One that starts at once looks for it
        // itself.
        if (!starter.startsAtOnce(subtask.kind())) {
            VarHandle.fullFence();
        }
        if (enough) {
            cancel.cancel(
                    CancelReason.of(Source.JOINER, "the joiner has enough after the fork of " + subtask.describe()));
        }
        CancelReason reason = cancel.reason();
        if (reason != null) {
            subtask.cancel(reason);
        } else if (subtask.isDaemon() && endingDaemons) {
            endDaemon(subtask);
        }
        subtask.endIfCancelled();
    }

    @Override
    public <V extends @Nullable Object> Started<V> startTask(
            @Nullable String subtaskName, @Nullable TaskKind kind, TaskConsumer<? super Readiness<V>> task)
            throws InterruptedException, ScopeFailedException {
        Objects.requireNonNull(task, "task");
        ensureInTree("start");
        ensureOpen();
        TaskKind runsAs = kind != null ? kind : TaskClassifier.kindOf(task);
        if (runsAs == TaskKind.CPU) {
            throw new IllegalArgumentException(
                    "a CPU task cannot be started, since a worker cannot say that it is ready: start an IO task that forks it");
        }
        ScopedSubtask<@Nullable Void> subtask = create(subtaskName, runsAs, ForkOptions.DEFAULT);
        Startup<V> startup = new Startup<>(this, subtask);
        subtask.load(around(subtask, ForkContext.capture(), Task.of(task, startup)), null);
        subtask.startsUp(startup);
        admit(subtask);
        starter.start(subtask);
        return startup.await();
    }

    /** Takes in a subtask that starts when another has succeeded. */
    <U extends @Nullable Object> ScopedSubtask<U> admitContinuation(
            TaskFunction<?, ? extends U> function, boolean daemon) {
        Objects.requireNonNull(function, "function");
        ensureInTree("then");
        ensureOpen();
        ForkOptions options = daemon ? ForkOptions.DEFAULT.asDaemon() : ForkOptions.DEFAULT;
        ScopedSubtask<U> subtask = create(null, TaskClassifier.kindOf(function), options);
        admit(subtask);
        starter.hold(subtask);
        return subtask;
    }

    /** Returns what takes a continuation to its backend later, with the settings that this JVM has now. */
    CpuForks forksAsOfNow(ScopedSubtask<?> continuation) {
        return cpuForks.asOfNow(continuation);
    }

    /** Starts it, on the thread that ended the other, unless it was cancelled meanwhile. */
    <A extends @Nullable Object, U extends @Nullable Object> void startContinuation(
            ScopedSubtask<U> subtask,
            TaskFunction<? super A, ? extends U> function,
            A argument,
            ForkContext context,
            CpuForks forks) {
        if (subtask.hasEnded()) {
            return;
        }
        try {
            Task<U> task = Task.of(function, argument);
            CpuExecution<? extends U> execution = forks.prepare(subtask, task, context, 0);
            subtask.load(around(subtask, context, task), execution);
            starter.start(subtask);
            if (execution != null && subtask.hasEnded()) {
                execution.cancel("it was not started"); // unless it was, and has ended since
            }
        } catch (Throwable e) {
            subtask.failUnstarted(e);
        }
    }

    // ---------------------------------------------------------------- what subtasks say

    /** A subtask has to wait for a permit. */
    void onQueued(ScopedSubtask<?> subtask) {
        events.queued(subtask);
    }

    /** The code of a subtask starts. */
    void onStarted(ScopedSubtask<?> subtask) {
        events.started(subtask);
    }

    /** A subtask says how far it is. */
    void onProgress(ScopedSubtask<?> subtask, double fraction, String message) {
        events.progress(subtask, fraction, message);
    }

    /** A subtask fails: whoever sees that it did finds it among the failures. */
    void onFailing(ScopedSubtask<?> subtask, Throwable thrown) {
        outcome.onFailing(subtask, thrown);
    }

    /** A subtask has ended: its state is final. Once for each, on whichever thread ended it. */
    void onEnded(ScopedSubtask<?> subtask) {
        try {
            events.ended(subtask, subtask.exceptionOrNull());
            CancelReason reason = tellJoiner(subtask);
            if (reason != null) {
                cancel.cancel(reason);
            }
        } finally {
            endWithFollowers(subtask);
        }
    }

    private void endWithFollowers(ScopedSubtask<?> subtask) {
        try {
            subtask.endFollowers();
        } finally {
            if (!subtask.isDaemon()) {
                completions.offer(subtask);
            }
            pending.remove(subtask.isDaemon());
            if (completions.isAskedFor() && pending.onlyDaemons()) {
                completions.wake();
            }
        }
    }

    // A joiner may look at a subtask that has ended also on the owner's thread, before the join.
    private @Nullable CancelReason tellJoiner(ScopedSubtask<?> subtask) {
        if (!isOwner()) {
            return outcome.onEnded(subtask);
        }
        boolean before = ownerTellsJoiner;
        ownerTellsJoiner = true;
        try {
            return outcome.onEnded(subtask);
        } finally {
            ownerTellsJoiner = before;
        }
    }

    /** A subtask has ended or does not begin, on the calling thread: its permit is free when that thread is. */
    void onEnding(ScopedSubtask<?> subtask) {
        starter.onEnding(subtask);
    }

    /** The permit of a subtask is free. */
    void onPermitFree(ScopedSubtask<?> subtask) {
        starter.onPermitFree(subtask, null);
    }

    /** Whether no code of users runs when a subtask starts, reports or succeeds, and no success ends the others. */
    boolean isQuiet() {
        return quiet;
    }

    /** Of which a subtask of this kind needs a permit; null if it needs none. */
    @Nullable
    Limiter limiterOf(TaskKind kind) {
        return starter.limiterOf(kind);
    }

    /** A subtask that was in line has its permit, and starts once {@code ending} has ended; at once if that is null. */
    void onGranted(ScopedSubtask<?> subtask, @Nullable Thread ending) {
        starter.onGranted(subtask, ending);
    }

    /** A subtask that runs is being cancelled. */
    void onCancelling(ScopedSubtask<?> subtask, CancelReason reason) {
        cancel.fromSubtask(subtask, reason);
    }

    /** A subtask that runs was cancelled. */
    void onCancelledWhileRunning() {
        stragglers.watch();
    }

    /** Somebody looks at a subtask, which may have ended. */
    void onSeen(ScopedSubtask<?> subtask) {
        subtasks.seen(subtask);
        if (isOwner()) {
            subtask.awaitedByOwner();
        }
    }

    // ---------------------------------------------------------------- join

    @Override
    public R join() throws InterruptedException, ScopeFailedException {
        ensureOwner("join");
        ensureOpen();
        unjoinedForks = false;
        try {
            joinInterrupt = null;
            awaitAll();
        } catch (InterruptedException e) {
            joinInterrupt = e;
            throw e;
        }
        joinedThrough = subtaskIds.joined();
        subtasks.joined();
        try {
            return outcome.conclude();
        } catch (ScopeFailedException e) {
            joinFailure = e;
            throw e;
        }
    }

    // Daemons end with the others; what they fork on their way out is waited for as well.
    private void awaitAll() throws InterruptedException {
        ThreadWaits.during("in join of scope '" + name + "'", nodesToJoin(), pending::awaitOthers);
        if (pending.count() == 0) {
            return;
        }
        endingDaemons = true;
        try {
            subtasks.live().filter(ScopedSubtask::isDaemon).forEach(this::endDaemon);
            pending.await();
        } finally {
            endingDaemons = false;
        }
    }

    private void endDaemon(ScopedSubtask<?> daemon) {
        daemon.cancel(CancelReason.of(
                Source.OTHERS_ENDED, "%s is a daemon, and the others have ended".formatted(daemon.describe())));
    }

    /** What came of it, in the words of exceptions. */
    ScopeOutcome<T, R> outcome() {
        return outcome;
    }

    // ---------------------------------------------------------------- many items

    @Override
    public <A extends @Nullable Object, U extends @Nullable Object> List<U> mapItems(
            @Nullable TaskKind kind,
            @Nullable Integer atOnce,
            Iterable<? extends A> items,
            TaskFunction<? super A, ? extends U> function)
            throws InterruptedException, ScopeFailedException {
        return this.<A, U>mapping(kind, atOnce, Objects.requireNonNull(function, "function"), true)
                .run(Objects.requireNonNull(items, "items"), config.inside(name));
    }

    @Override
    public <A extends @Nullable Object> void forEachItem(
            @Nullable TaskKind kind,
            @Nullable Integer atOnce,
            Iterable<? extends A> items,
            TaskConsumer<? super A> action)
            throws InterruptedException, ScopeFailedException {
        Objects.requireNonNull(action, "action");
        TaskKind runsAs = kind != null ? kind : TaskClassifier.kindOf(action);
        this.<A, @Nullable Void>mapping(runsAs, atOnce, new Mapping.Consumption<>(action), false)
                .run(Objects.requireNonNull(items, "items"), config.inside(name));
    }

    private <A extends @Nullable Object, U extends @Nullable Object> Mapping<A, U> mapping(
            @Nullable TaskKind kind,
            @Nullable Integer atOnce,
            TaskFunction<? super A, ? extends U> function,
            boolean keepsResults) {
        ensureInTree("map");
        ensureOpen();
        TaskKind runsAs = kind != null ? kind : TaskClassifier.kindOf(function);
        int most = atOnce != null ? atOnce : Mapping.defaultAtOnce(runsAs, config);
        return new Mapping<>(runsAs, most, function, keepsResults);
    }

    // ---------------------------------------------------------------- completions

    @Override
    public Completions<T> completions() {
        ensureInTree("ask for completions");
        ensureOpen();
        CompletionQueue<T> queue = new CompletionQueue<>(this);
        completions.add(queue); // first, so that nothing ends unheard
        if (subtasks.hasForgotten()) {
            completions.remove(queue);
            throw new IllegalStateException(
                    "more than %s subtasks of scope '%s' have ended, and the first are forgotten: ask for completions before you fork so many"
                            .formatted(Subtasks.MAX_UNSEEN, name));
        }
        queue.begin(subtasks.unseen());
        return queue;
    }

    /** The subtasks that a join waits for, as they are at any time. */
    Collection<ScopedSubtask<?>> nodesToJoin() {
        return subtasks.withoutDaemons();
    }

    /** Whether all subtasks but daemons have ended. */
    boolean hasOnlyDaemons() {
        return pending.onlyDaemons();
    }

    // ---------------------------------------------------------------- await

    /** A wait that an interrupt can end. */
    @FunctionalInterface
    interface Wait {
        void await() throws InterruptedException;
    }

    /** Waits for something in this scope, so that the cancel of a scope which the caller has opened inside this one wakes it. */
    void whileCallerAwaits(Runnable wake, Wait wait) throws InterruptedException {
        List<NurseryScope<?, ?>> inside = tree.openInside();
        inside.forEach(scope -> scope.cancel.wakeOwnerBy(wake));
        try {
            wait.await();
        } finally {
            inside.forEach(scope -> scope.cancel.wakeOwnerBy(null));
        }
    }

    /** Whether this scope was cancelled, or one that the caller has opened inside it. */
    boolean isCancelledForCaller() {
        return tree.isCancelledForCaller();
    }

    /** What {@code await} throws if a cancel has ended the wait, and not the end of the subtask. */
    ScopeFailedException cancelledForCaller(String subtask) {
        NurseryScope<?, ?> cancelled = tree.openInside().stream()
                .filter(scope -> scope.cancelled() != null)
                .findFirst()
                .orElse(this);
        return cancelled.outcome.cancelled("%s has not ended, but scope '%s' was cancelled: %s"
                .formatted(subtask, cancelled.name, cancelled.cancelled()));
    }

    // ---------------------------------------------------------------- cancel

    @Override
    public void cancel(String reason) {
        Objects.requireNonNull(reason, "reason");
        cancel.cancel(CancelReason.of(Source.EXPLICIT, reason));
    }

    /** Its cancel, for those around and inside. */
    ScopeCancel cancelling() {
        return cancel;
    }

    /** Why it was cancelled itself; null if it was not. */
    @Nullable
    CancelReason cancelled() {
        return cancel.reason();
    }

    private void onDeadline() {
        List<String> openInside = new ArrayList<>();
        tree.forEachNested(scope -> {
            if (scope.tree.openedBy() == null && !scope.tree.isShielded()) {
                openInside.add(scope.name);
            }
        });
        List<Unfinished> unfinished = liveSubtasks()
                .map(subtask -> new Unfinished(subtask, Duration.ofNanos(subtask.ranNanos())))
                .toList();
        outcome.onDeadline(unfinished, openInside);
        cancel.cancel(CancelReason.of(Source.DEADLINE, "the deadline of scope '%s' has passed".formatted(name)));
    }

    @Override
    public Optional<Deadline> deadline() {
        NurseryScope<?, ?> enclosing = tree.isShielded() ? null : tree.enclosing();
        Deadline outer = enclosing == null ? null : enclosing.deadline().orElse(null);
        return Optional.ofNullable(Deadline.earliest(deadline.deadline(), outer));
    }

    /** How much time is left until its deadline or one around it; null for no limit. */
    @Nullable
    Duration remaining() {
        return deadline().map(Deadline::remaining).orElse(null);
    }

    @Override
    public void moveDeadline(Deadline newDeadline) {
        Objects.requireNonNull(newDeadline, "deadline");
        ensureInTree("move the deadline");
        ensureOpen();
        setDeadline(newDeadline);
    }

    // In a worker, that of its task holds as well.
    private void setDeadline(@Nullable Deadline own) {
        Deadline bounded = Deadline.earliest(own, tree.deadlineOfWorker());
        if (bounded != null) {
            deadline.set(bounded);
        }
    }

    boolean isClosed() {
        return closed;
    }

    @Override
    public Optional<CancelReason> cancelReason() {
        return Optional.ofNullable(cancel.reason());
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
        cancel.cancel(CancelReason.of(
                Source.OWNER_LEFT, "the body of scope '%s' threw %s".formatted(name, SafeText.of(thrown))));
        pending.awaitUninterruptibly();
        unjoinedForks = false;
        ScopeFailedException failed = outcome.tell();
        if (failed == null || outcome.isOwn(thrown)) {
            return;
        }
        if (!outcome.isOfTask(thrown)) {
            thrown.addSuppressed(failed);
        } else if (outcome.hasOtherThan(thrown)) { // a task's exception is not ours to change
            SafeText.warn(
                    log,
                    "the body of scope '%s' threw what one of its tasks had thrown; this had failed".formatted(name),
                    failed);
        }
    }

    @Override
    public void close() {
        ensureOwner("close");
        if (closed) {
            return;
        }
        List<NurseryScope<?, ?>> forgotten = tree.openInside();
        Complaints complaints = new Complaints();
        complaints.close(forgotten); // nothing of them may outlive this one
        boolean leftUnjoined = unjoinedForks;
        if (leftUnjoined || pending.count() > 0) {
            cancel.cancel(
                    CancelReason.of(Source.OWNER_LEFT, "the owner left scope '%s' without a join".formatted(name)));
        }
        pending.awaitUninterruptibly();
        closed = true;
        joinedThrough = subtaskIds.joined();
        deadline.stop();
        stragglers.stop();
        cancel.endHooks();
        ResourceCloseException problem;
        try {
            starter.close();
        } finally {
            tree.close();
            problem = resources.closeAll(name);
            events.closed();
        }
        if (!forgotten.isEmpty()) {
            complaints.addFirst(new IllegalStateException(ScopeMessages.closedTooEarly(name, forgotten)));
        }
        complainOfFailures(leftUnjoined, complaints);
        complainOfResources(problem, complaints);
        complaints.throwFirst();
    }

    private void complainOfFailures(boolean leftUnjoined, Complaints complaints) {
        if (leftUnjoined) {
            complaints.add(new IllegalStateException(ScopeMessages.unjoined(name), outcome.tell()));
        } else if (outcome.isUntold()) {
            ScopeFailedException untold = outcome.tell();
            SafeText.warn(
                    log,
                    "scope '%s' was closed after a join that was interrupted; this had failed".formatted(name),
                    untold);
            if (joinInterrupt != null && untold != null) {
                joinInterrupt.addSuppressed(untold); // for whoever is around: it is not only an interrupt
            }
        }
    }

    private void complainOfResources(@Nullable ResourceCloseException problem, Complaints complaints) {
        if (problem != null && joinFailure != null && complaints.isEmpty()) {
            joinFailure.addSuppressed(problem);
        } else if (problem != null) {
            complaints.add(problem);
        }
    }

    // ---------------------------------------------------------------- guards and questions

    @Override
    public ScopeSnapshot snapshot() {
        return ScopeDump.snapshotOf(this);
    }

    Thread owner() {
        return owner;
    }

    Instant openedAt() {
        return openedAt;
    }

    Duration age() {
        return Duration.ofNanos(clock.nanoTime() - openedNanos);
    }

    /** Those that have not ended, in the order of the forks. */
    Stream<ScopedSubtask<?>> liveSubtasks() {
        return subtasks.live().sorted(Comparator.comparingLong(ScopedSubtask::id));
    }

    ScopeClock clock() {
        return clock;
    }

    ScopeTree tree() {
        return tree;
    }

    boolean isOwner() {
        return Thread.currentThread() == owner;
    }

    /** Whether the caller is the owner and has not joined since it forked this subtask. */
    boolean isOwnerUnjoined(long subtaskId) {
        return isOwner() && subtaskId > joinedThrough && !ownerTellsJoiner;
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
        CancelReason reason = cancel.reason();
        return "MixedScope[%s, %s pending%s%s]"
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
            throw new IllegalStateException(
                    "scope '%s' is closed: use it inside its block only, or open another one".formatted(name));
        }
    }
}
