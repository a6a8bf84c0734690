package dev.loomscope.process;

import dev.loomscope.core.CpuExecution;
import dev.loomscope.core.CpuRequest;
import dev.loomscope.process.ResultReading.LeftBehindException;
import dev.loomscope.process.TaskCodec.EncodedTask;
import dev.loomscope.process.TaskCodec.Plain;
import java.io.ObjectInputFilter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One task in a pool, from the time it was serialized until its reply. */
final class PoolJob<T extends @Nullable Object> implements CpuExecution<T>, JobReply.Listener {

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
    private boolean late; // the forking thread, before it is run
    private final Throwable forkSite = new Throwable("fork site"); // filled here, on the forking thread
    private final AtomicLong queuedBytes; // any thread; goes to 0 once
    private final JobReply reply = new JobReply();
    private final CompletableFuture<String> cancelReason = new CompletableFuture<>(); // any thread
    private volatile boolean
            cut; // any thread, set once; cancelled by the shutdown of this JVM, of which its caller knows nothing

    Stage stage = Stage.PREPARED; // guarded by the pool's lock

    @Nullable
    Worker worker; // guarded by the pool's lock; while SENT

    boolean started; // guarded by the pool's lock
    boolean sentAgain; // guarded by the pool's lock

    PoolJob(PoolDispatcher pool, ObjectInputFilter allowedByName, long id, CpuRequest<T> request, EncodedTask encoded) {
        this.pool = pool;
        this.allowedByName = allowedByName;
        this.id = id;
        this.request = request;
        this.encoded = encoded;
        this.queuedBytes = new AtomicLong(encoded.payload().size());
    }

    long id() {
        return id;
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

    /** Ends the wait in {@link #run} of a task that has not started, or of which that was told; the first reply counts. */
    void complete(WorkerReply outcome) {
        complete(outcome, null);
    }

    /** Ends the wait in {@link #run}; the first reply counts. {@code startedIn} is the worker of a task of which nothing was told. */
    void complete(WorkerReply outcome, @Nullable Worker startedIn) {
        leaveQueue();
        if (!reply.complete(outcome, startedIn == null ? null : startedIn.toString())) {
            pool.memory().release(outcome.bytes());
        }
    }

    // Counted before anybody sees the end.
    @Override
    public T run() throws Throwable {
        PoolCounts counts = pool.counts();
        try {
            T result = await();
            counts.done.increment();
            return result;
        } catch (Throwable e) {
            (cancelReason() == null ? counts.failed : counts.cancelled).increment();
            throw e;
        }
    }

    // The observer is code of users: it is called here, where it can delay nothing but its own task.
    private T await() throws Throwable {
        pool.submit(this);
        WorkerReply outcome = reply.await(this);
        try {
            return read(outcome);
        } finally {
            pool.memory().release(outcome.bytes());
        }
    }

    private T read(WorkerReply outcome) throws Throwable {
        return switch (outcome) {
            case WorkerReply.Result result -> decode(result);
            case WorkerReply.Failure failure -> throw named(decode(failure));
            case WorkerReply.TooLarge large ->
                throw ResultRejectedException.tooLarge(name(), large.size(), pool.memory());
            case WorkerReply.Cancelled cancelled -> throw cancellation();
            case WorkerReply.Lost lost -> throw RemoteTrace.atFork(lost.reason(), forkSite);
        };
    }

    private CancellationException cancellation() {
        return new CancellationException("CPU task '%s' was cancelled: %s".formatted(name(), cancelReason()));
    }

    // An interrupt says nothing of its reason. A caller that has cancelled the task knows it, others do not.
    private Throwable named(Throwable thrown) {
        return cut && thrown instanceof InterruptedException ? cancellation().initCause(thrown) : thrown;
    }

    @Override
    @SuppressWarnings("CatchingUnchecked")
    public void onStart(String runner) {
        try {
            request.observer().onStarted(runner);
        } catch (Throwable e) {
            log.error("the observer of CPU task '{}' threw", name(), e);
        }
    }

    @Override
    @SuppressWarnings("CatchingUnchecked")
    public void onProgress(ProgressReport progress) {
        try {
            request.observer().onProgress(progress.fraction(), progress.message());
        } catch (Throwable e) {
            log.error("the observer of CPU task '{}' threw on its progress", name(), e);
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

    // The result is what the task returned, which it declared to be a T.
    @SuppressWarnings({"unchecked", "NullAway"})
    private T decode(WorkerReply.Result result) throws LeftBehindException, ResultRejectedException {
        ResultFilter filter = filter(result.payload().size());
        try {
            if (SimpleValue.isIn(result.payload())) {
                return (T) SimpleValue.decode(result.payload());
            }
            return (T) reader().read(result.payload(), SerialScan.Form.RESULT, payload -> {
                Optional<Plain> plain = TaskCodec.decodePlain(payload, filter);
                return plain.isPresent() ? plain.get().value() : decodeElsewhere(payload, filter);
            });
        } catch (LeftBehindException e) {
            throw e;
        } catch (Exception | Error e) {
            throw ResultRejectedException.of(name(), filter, e);
        }
    }

    private @Nullable Object decodeElsewhere(Payload payload, ResultFilter filter) throws Exception {
        return elsewhere(() -> TaskCodec.decodeResult(payload, filter));
    }

    private <R extends @Nullable Object> R elsewhere(Callable<? extends R> code) throws Exception {
        return ResultReading.call(name(), cancelReason, pool.cancelGrace(), code);
    }

    private ResultReader reader() {
        return new ResultReader(pool.memory());
    }

    private ResultFilter filter(long bytes) {
        return new ResultFilter(encoded, bytes, allowedByName);
    }

    private Throwable outOfMemory(Worker where, Throwable thrown) {
        return RemoteTrace.atFork(WorkerOutOfMemoryError.of(name(), where, pool.config(), thrown), forkSite);
    }

    // The exception is a copy that was made for this caller: its trace goes on,
    // after the frames in the worker, with the fork.
    private Throwable decode(WorkerReply.Failure failure) throws LeftBehindException, ResultRejectedException {
        try {
            return elsewhere(() -> {
                RemoteFailure remote = RemoteFailure.read(failure.payload(), reader());
                Throwable thrown = remote.toThrowable(filter(remote.exception().length), reader());
                RemoteTrace.extend(thrown, failure.worker().toString(), forkSite);
                return failure.fatal() ? outOfMemory(failure.worker(), thrown) : thrown;
            });
        } catch (LeftBehindException e) {
            throw e;
        } catch (Exception | Error e) {
            throw ResultRejectedException.unreadable(name(), e);
        }
    }
}
