package dev.loomscope.process;

import dev.loomscope.core.CpuOutcome;
import dev.loomscope.process.TaskCodec.EncodedTask;
import java.io.IOException;
import java.io.ObjectInputFilter;
import org.jspecify.annotations.Nullable;

/**
 * Turns the reply of a worker into the outcome of its task. What cannot be read, or may not be, is a failure of the task.
 *
 * @param task what messages call the task
 * @param encoded the task, whose own types results may hold
 * @param allowedByName what else the configuration lets results hold
 * @param forkSite the stack of the fork
 * @param memory what results may take of the heap
 * @param config of the pool
 */
record ReplyDecoder<T extends @Nullable Object>(
        String task,
        EncodedTask encoded,
        ObjectInputFilter allowedByName,
        Throwable forkSite,
        ResultMemory memory,
        ProcessPoolConfig config) {

    /** Reads a {@link SimpleValue}. Runs no code of users. */
    CpuOutcome<T> decodeSimple(WorkerReply.Result result) {
        try {
            return succeeded(SimpleValue.decode(result.payload()));
        } catch (IOException e) {
            return failed(
                    ResultRejectedException.of(task, filter(result.payload().size()), e));
        }
    }

    /** Deserializes a result, which runs code of its classes. */
    CpuOutcome<T> decode(WorkerReply.Result result) {
        ResultFilter filter = filter(result.payload().size());
        try {
            return succeeded(reader().read(
                            result.payload(),
                            SerialScan.Form.RESULT,
                            payload -> TaskCodec.decodeResult(payload, filter)));
        } catch (Exception | Error e) {
            return failed(ResultRejectedException.of(task, filter, e));
        }
    }

    /**
     * Deserializes what the task threw, which runs code of its classes. The exception is a copy made for this caller: after the frames in
     * the worker, its trace goes on with the fork.
     */
    CpuOutcome<T> decode(WorkerReply.Failure failure) {
        try {
            RemoteFailure remote = RemoteFailure.read(failure.payload(), reader());
            Throwable thrown = remote.toThrowable(filter(remote.exception().length), reader());
            RemoteTrace.extend(thrown, failure.worker().toString(), forkSite);
            return failed(failure.fatal() ? outOfMemory(failure.worker(), thrown) : thrown);
        } catch (Exception | Error e) {
            return failed(ResultRejectedException.unreadable(task, e));
        }
    }

    private Throwable outOfMemory(Worker where, Throwable thrown) {
        return RemoteTrace.atFork(WorkerOutOfMemoryError.of(task, where, config, thrown), forkSite);
    }

    private ResultReader reader() {
        return new ResultReader(memory);
    }

    private ResultFilter filter(long bytes) {
        return new ResultFilter(encoded, bytes, allowedByName);
    }

    // The result is what the task returned, which it declared to be a T.
    @SuppressWarnings({"unchecked", "NullAway"})
    private CpuOutcome<T> succeeded(@Nullable Object value) {
        return new CpuOutcome.Succeeded<>((T) value);
    }

    private CpuOutcome<T> failed(Throwable thrown) {
        return new CpuOutcome.Failed<>(thrown);
    }
}
