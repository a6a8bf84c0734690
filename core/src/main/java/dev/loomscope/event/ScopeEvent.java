package dev.loomscope.event;

import dev.loomscope.core.TaskKind;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened in a scope or in a process pool.
 *
 * <p>Of each subtask a listener sees: {@code SubtaskForked}, perhaps {@code SubtaskQueued}, perhaps {@code
 * SubtaskStarted}, any number of {@code SubtaskProgress}, and exactly one of {@code SubtaskFinished} and {@code SubtaskCancelled}, in this order.
 */
public sealed interface ScopeEvent {

    /** When it happened. */
    Instant at();

    /** What happened in a scope. */
    sealed interface OfScope extends ScopeEvent {

        /** The name of the scope. */
        String scope();
    }

    /** What happened to one subtask. */
    sealed interface OfSubtask extends OfScope {

        /** The name of the subtask. */
        String subtask();

        /** Its number, unique in this JVM. */
        long id();

        /** Its kind. */
        TaskKind kind();
    }

    /** What happened to one worker process. */
    sealed interface OfWorker extends ScopeEvent {

        /** The name of the pool. */
        String pool();

        /** The name of the worker, unique in its pool. */
        String worker();

        /** Its process id. */
        long pid();
    }

    /** A scope was opened. */
    record ScopeOpened(Instant at, String scope) implements OfScope {}

    /**
     * A scope was cancelled.
     *
     * @param reason why, for people
     */
    record ScopeCancelled(Instant at, String scope, String reason) implements OfScope {}

    /** A scope was closed: nothing of it runs any more. */
    record ScopeClosed(Instant at, String scope) implements OfScope {}

    /** A subtask was forked. */
    record SubtaskForked(Instant at, String scope, String subtask, long id, TaskKind kind) implements OfSubtask {}

    /** A subtask has to wait for a permit of its kind. */
    record SubtaskQueued(Instant at, String scope, String subtask, long id, TaskKind kind) implements OfSubtask {}

    /**
     * The code of a subtask starts.
     *
     * @param runner the thread or worker that runs it, for people
     */
    record SubtaskStarted(Instant at, String scope, String subtask, long id, TaskKind kind, String runner)
            implements OfSubtask {}

    /**
     * The code of a subtask says how far it is. Not every report has to come: of those of a CPU subtask that come faster than they are
     * heard, the latest counts.
     *
     * @param fraction from 0 to 1, NaN for not known
     * @param message what it is doing, for people
     */
    record SubtaskProgress(
            Instant at, String scope, String subtask, long id, TaskKind kind, double fraction, String message)
            implements OfSubtask {}

    /**
     * A subtask has ended by itself.
     *
     * @param failure what it threw, null on success
     */
    record SubtaskFinished(
            Instant at,
            String scope,
            String subtask,
            long id,
            TaskKind kind,
            @Nullable Throwable failure) implements OfSubtask {}

    /**
     * A subtask has ended because it was cancelled.
     *
     * @param reason why, for people
     */
    record SubtaskCancelled(Instant at, String scope, String subtask, long id, TaskKind kind, String reason)
            implements OfSubtask {}

    /**
     * A worker is ready for its first task.
     *
     * @param startup from the start of the process until it was ready
     */
    record WorkerStarted(Instant at, String pool, String worker, long pid, Duration startup) implements OfWorker {}

    /**
     * A healthy worker is ended by us.
     *
     * @param reason why, for people
     */
    record WorkerRetired(Instant at, String pool, String worker, long pid, String reason) implements OfWorker {}

    /**
     * A worker is ended by force because its task did not listen.
     *
     * @param reason why, for people
     */
    record WorkerKilled(Instant at, String pool, String worker, long pid, String reason) implements OfWorker {}

    /**
     * A worker ended by itself.
     *
     * @param reason how, for people
     */
    record WorkerCrashed(Instant at, String pool, String worker, long pid, String reason) implements OfWorker {}
}
