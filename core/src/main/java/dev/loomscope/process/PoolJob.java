package dev.loomscope.process;

import dev.loomscope.core.CpuExecution;
import dev.loomscope.core.CpuOutcome;
import dev.loomscope.core.CpuRequest;
import dev.loomscope.process.TaskCodec.EncodedTask;
import java.io.ObjectInputFilter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One task in a pool, from the time it was serialized until its reply.
 *
 * <p>A job that was {@linkplain #start started} has no thread of its own. Whatever comes for it is heard by the thread that brings it, if
 * that runs no code of users and deserializes nothing, and else by one of the {@link CompletionThreads}.
 */
final class PoolJob<T extends @Nullable Object> implements CpuExecution<T>, JobReply.Listener {

    private static final AtomicIntegerFieldUpdater<PoolJob<?>> VISITS = updater("visits");
    private static final AtomicIntegerFieldUpdater<PoolJob<?>> HAS_ENDED = updater("hasEnded");
    private static final CpuOutcome<?> NO_MEMORY =
            new CpuOutcome.Failed<>(new OutOfMemoryError("this JVM has no memory left for the outcome of a CPU task"));

    /** Where a job is: PREPARED -> QUEUED -> SENT -> DONE, or straight to DONE; back to QUEUED at most once. */
    enum Stage {
        PREPARED,
        QUEUED,
        SENT,
        DONE
    }

    private static final int MAX_REASON = 4 * 1024; // chars; it has to fit one frame
    private static final Logger log = LoggerFactory.getLogger(PoolJob.class);

    private final PoolDispatcher pool;
    private final ObjectInputFilter allowedByName;
    private final long id;
    private final CpuRequest<T> request;
    private final EncodedTask encoded;
    private final int epoch;
    private final @Nullable ParentWorld world; // that of the fork
    private boolean late; // the forking thread, before it is run
    private final Throwable forkSite = new Throwable("fork site"); // filled here, on the forking thread
    private final AtomicLong queuedBytes; // any thread; goes to 0 once
    private final JobReply reply = new JobReply();
    private final CompletableFuture<String> cancelReason = new CompletableFuture<>(); // any thread
    private final @Nullable ClassLoader classes =
            Thread.currentThread().getContextClassLoader(); // of the forking thread
    private volatile int hasEnded; // 1 once its completion was called, or is about to be
    private volatile int visits; // of those who brought something, while somebody hears it; 0 when nobody does
    private @Nullable Consumer<? super CpuOutcome<T>> completion; // set before it is submitted; null if it is run
    private volatile boolean
            cut; // any thread, set once; cancelled by the shutdown of this JVM, of which its caller knows nothing

    Stage stage = Stage.PREPARED; // guarded by the pool's lock

    @Nullable
    Worker worker; // guarded by the pool's lock; while SENT

    boolean started; // guarded by the pool's lock
    boolean sentAgain; // guarded by the pool's lock

    /**
     * Makes a job.
     *
     * @param epoch of the program when it was encoded
     * @param world the settings that its task finds in its worker; null for those that are there
     */
    PoolJob(
            PoolDispatcher pool,
            ObjectInputFilter allowedByName,
            long id,
            CpuRequest<T> request,
            EncodedTask encoded,
            int epoch,
            @Nullable ParentWorld world) {
        this.pool = pool;
        this.allowedByName = allowedByName;
        this.id = id;
        this.request = request;
        this.encoded = encoded;
        this.epoch = epoch;
        this.world = world;
        this.queuedBytes = new AtomicLong(encoded.payload().size());
    }

    long id() {
        return id;
    }

    /** The settings that its task shall find; null for those that its worker has. */
    @Nullable
    ParentWorld world() {
        return world;
    }

    String name() {
        return request.name();
    }

    /** Marks it as forked when this JVM was shutting down already: it has taken no room in the queue, and fails when it is run. */
    PoolJob<T> markLate() {
        late = true;
        queuedBytes.set(0);
        return this;
    }

    /** Whether it was forked when this JVM was shutting down already. */
    boolean isLate() {
        return late;
    }

    /** The epoch of the {@link ProgramCode} of which it is: workers of another one have other code. */
    int epoch() {
        return epoch;
    }

    /** The heap that it needs at least, in MiB; 0 for that of the pool. */
    int heapMiB() {
        return request.heapMiB();
    }

    /** With whose tasks it shares its turns; null for those of nobody in particular. */
    @Nullable
    Object group() {
        return request.group();
    }

    /**
     * Returns what a worker is sent to run it, first of all the time that is left: asked for now, since it may have waited. What
     * came before the last frame may be followed by {@link #toCancel} instead.
     */
    List<Frame> toFrames() {
        Duration left = remaining();
        if (left == null) {
            return encoded.payload().toFrames(Frame.Type.TASK, id);
        }
        long nanos = Math.max(0, PoolTimer.nanos(left));
        byte[] body = ByteBuffer.allocate(Long.BYTES).putLong(nanos).array();
        return encoded.payload().toFrames(Frame.Type.TASK, id, List.of(Frame.of(Frame.Type.TIME, id, body)));
    }

    private @Nullable Duration remaining() {
        try {
            return request.remaining().get();
        } catch (RuntimeException e) {
            log.error("the time that is left for CPU task '{}' is not known; it has no limit in its worker", name(), e);
            return null;
        }
    }

    /** Returns what a worker is sent to stop it; after {@link #cancel}. */
    Frame toCancel() {
        String reason = String.valueOf(cancelReason());
        String bounded = reason.length() <= MAX_REASON ? reason : reason.substring(0, MAX_REASON) + "...";
        return Frame.of(Frame.Type.CANCEL, id, bounded.getBytes(StandardCharsets.UTF_8));
    }

    /** Lets {@link #run} tell whoever forked it that it starts. */
    void tellStart(Worker runner) {
        reply.start(runner.toString());
    }

    /** Lets {@link #run} tell whoever forked it how far it is. */
    void report(ProgressReport progress) {
        reply.report(progress);
    }

    /** Why it was cancelled; null if it was not. */
    @Nullable
    String cancelReason() {
        return cancelReason.isDone() ? cancelReason.join() : null;
    }

    /** Gives back the room that it has had since it was made; once. It has a worker, or needs none. */
    void leaveQueue() {
        pool.room().give(queuedBytes.getAndSet(0));
    }

    /** Ends a task that has not started, or of which that was told; the first reply counts. */
    void complete(WorkerReply outcome) {
        complete(outcome, null);
    }

    /** Ends a task; the first reply counts. {@code startedIn} is the worker of a task of which nothing was told. */
    void complete(WorkerReply outcome, @Nullable Worker startedIn) {
        takeReply(outcome, startedIn);
        tellReply();
    }

    /** As {@link #complete(WorkerReply, Worker)}, but {@link #tellReply} is to follow. Runs nothing that could fail or block. */
    void takeReply(WorkerReply outcome, @Nullable Worker startedIn) {
        leaveQueue();
        if (!reply.take(outcome, startedIn == null ? null : startedIn.toString())) {
            pool.memory().release(outcome.bytes());
        }
    }

    /** Has the reply heard that it took. */
    void tellReply() {
        reply.wake();
    }

    @Override
    public T run() throws Throwable {
        pool.submit(this);
        CompletableFuture<CpuOutcome<T>> ended = new CompletableFuture<>();
        WorkerReply outcome = reply.await(this);
        if (isSimple(outcome)) {
            finishGuarded(outcome, ended::complete);
        } else {
            CompletionThreads.execute(() -> finishGuarded(outcome, ended::complete));
        }
        return switch (ended.join()) {
            case CpuOutcome.Succeeded<T> success -> success.value();
            case CpuOutcome.Failed<T> failure -> throw failure.thrown();
            case CpuOutcome.Cancelled<T> cancelled -> throw cancelled.thrown();
        };
    }

    @Override
    public void start(Consumer<? super CpuOutcome<T>> newCompletion) {
        completion = Objects.requireNonNull(newCompletion, "completion");
        reply.wakeBy(this::hearSoon);
        pool.submit(this);
    }

    // Only the first of several visitors hears; it sees that others came meanwhile.
    private void hearSoon() {
        if (VISITS.getAndIncrement(this) != 0) {
            return;
        }
        if (request.observer().mayBlock()) {
            CompletionThreads.execute(this::hearAsForked);
        } else {
            hear();
        }
    }

    // Code of users finds the class loader of the fork. The thread forgets it afterwards.
    private void hearAsForked() {
        Thread.currentThread().setContextClassLoader(classes);
        hear();
    }

    private void hear() {
        while (true) {
            int seen = visits;
            WorkerReply outcome = reply.hear(this);
            if (outcome != null) { // the visits stay above 0: there is nothing more to hear
                finishWhereItMay(outcome);
                return;
            }
            if (VISITS.compareAndSet(this, seen, 0)) {
                return;
            }
        }
    }

    private void finishWhereItMay(WorkerReply outcome) {
        if (request.observer().mayBlock() || isSimple(outcome)) {
            finishGuarded(outcome, completion());
            return;
        }
        try {
            CompletionThreads.execute(() -> finishGuarded(outcome, completion()));
        } catch (OutOfMemoryError e) { // its scope must not wait for ever
            end(outcome, noMemory(), completion());
        }
    }

    private void finishGuarded(WorkerReply outcome, Consumer<? super CpuOutcome<T>> onEnd) {
        try {
            finish(outcome, onEnd);
        } catch (OutOfMemoryError e) { // the same; no effect if it has ended
            end(outcome, noMemory(), onEnd);
        }
    }

    // It was set before anything could come.
    private Consumer<? super CpuOutcome<T>> completion() {
        return Objects.requireNonNull(completion, "completion");
    }

    // Whether to finish with it makes no objects of any class, takes no time and does not call for the end of others.
    private static boolean isSimple(WorkerReply outcome) {
        return switch (outcome) {
            case WorkerReply.Result result -> SimpleValue.isIn(result.payload());
            case WorkerReply.Cancelled cancelled -> true;
            case WorkerReply.Failure failure -> false;
            case WorkerReply.TooLarge large -> false;
            case WorkerReply.Lost lost -> false;
        };
    }

    // A result that is no simple value is read here, on the calling thread.
    private void finish(WorkerReply outcome, Consumer<? super CpuOutcome<T>> onEnd) {
        switch (outcome) {
            case WorkerReply.Result result -> {
                if (isSimple(result)) {
                    end(result, decoder().decodeSimple(result), onEnd);
                } else {
                    readHere(result, () -> decoder().decode(result), onEnd);
                }
            }
            case WorkerReply.Failure failure ->
                readHere(failure, () -> named(decoder().decode(failure)), onEnd);
            case WorkerReply.TooLarge large ->
                end(large, failed(ResultRejectedException.tooLarge(name(), large.size(), pool.memory())), onEnd);
            case WorkerReply.Cancelled cancelled -> end(cancelled, cancelled(), onEnd);
            case WorkerReply.Lost lost -> end(lost, failed(RemoteTrace.atFork(lost.reason(), forkSite)), onEnd);
        }
    }

    private void readHere(WorkerReply outcome, Callable<CpuOutcome<T>> code, Consumer<? super CpuOutcome<T>> onEnd) {
        ResultReading.<CpuOutcome<T>>read(name(), classes, cancelReason, pool.cancelGrace(), code, read -> {
            switch (read) {
                case CpuOutcome.Succeeded<CpuOutcome<T>> success -> end(outcome, success.value(), onEnd);
                case CpuOutcome.Failed<CpuOutcome<T>> failure -> end(outcome, failed(failure.thrown()), onEnd);
                case CpuOutcome.Cancelled<CpuOutcome<T>> left ->
                    end(outcome, new CpuOutcome.Cancelled<>(left.thrown()), onEnd);
            }
        });
    }

    // Counted before anybody sees the end.
    private void end(WorkerReply outcome, CpuOutcome<T> ended, Consumer<? super CpuOutcome<T>> onEnd) {
        if (hasEnded == 1 || !HAS_ENDED.compareAndSet(this, 0, 1)) {
            return;
        }
        PoolCounts counts = pool.counts();
        if (ended instanceof CpuOutcome.Succeeded<T>) {
            counts.done.increment();
        } else {
            (cancelReason() == null ? counts.failed : counts.cancelled).increment();
        }
        pool.memory().release(outcome.bytes());
        try {
            onEnd.accept(ended);
        } catch (Throwable e) {
            logError("what waits for the end of CPU task '{}' threw", e);
        }
    }

    // The one object stands for tasks of every type: it has no value.
    @SuppressWarnings("unchecked")
    private CpuOutcome<T> noMemory() {
        return (CpuOutcome<T>) NO_MEMORY;
    }

    private CpuOutcome<T> failed(Throwable thrown) {
        return new CpuOutcome.Failed<>(thrown);
    }

    private CpuOutcome<T> cancelled() {
        return new CpuOutcome.Cancelled<>(cancellation());
    }

    private CancellationException cancellation() {
        return new CancellationException("CPU task '%s' was cancelled: %s".formatted(name(), cancelReason()));
    }

    // An interrupt says nothing of its reason. A caller that has cancelled the task knows it, others do not.
    private CpuOutcome<T> named(CpuOutcome<T> outcome) {
        return cut
                        && outcome instanceof CpuOutcome.Failed<T>(Throwable thrown)
                        && thrown instanceof InterruptedException
                ? failed(cancellation().initCause(thrown))
                : outcome;
    }

    @Override
    @SuppressWarnings("CatchingUnchecked")
    public void onStart(String runner) {
        try {
            request.observer().onStarted(runner);
        } catch (Throwable e) {
            logError("the observer of CPU task '{}' threw", e);
        }
    }

    @Override
    @SuppressWarnings("CatchingUnchecked")
    public void onProgress(ProgressReport progress) {
        try {
            request.observer().onProgress(progress.fraction(), progress.message());
        } catch (Throwable e) {
            logError("the observer of CPU task '{}' threw on its progress", e);
        }
    }

    // The log is code of users, too, and there may be no memory for it: the end of the task does not hang on it.
    private void logError(String format, Throwable thrown) {
        try {
            log.error(format, name(), thrown);
        } catch (RuntimeException | Error e) {
            // nobody is left to tell
        }
    }

    @Override
    public void cancel(String reason) {
        Objects.requireNonNull(reason, "reason");
        if (cancelReason.complete(reason)) {
            pool.cancel(this);
        }
    }

    /** As {@link #cancel}, since this JVM is shutting down. */
    void cut(String reason) {
        cut = !cancelReason.isDone();
        cancel(reason);
    }

    /** As {@link #cancel}, but its worker is not told: it is killed. One without a worker ends at once. */
    void cancelForExit(String reason) {
        cancelReason.complete(reason);
        if (worker == null) {
            complete(new WorkerReply.Cancelled());
        }
    }

    private ReplyDecoder<T> decoder() {
        return new ReplyDecoder<>(name(), encoded, allowedByName, forkSite, pool.memory(), pool.config());
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static AtomicIntegerFieldUpdater<PoolJob<?>> updater(String field) {
        return (AtomicIntegerFieldUpdater) AtomicIntegerFieldUpdater.newUpdater(PoolJob.class, field);
    }
}
