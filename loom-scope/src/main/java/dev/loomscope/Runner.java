package dev.loomscope;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * Where the code of a subtask runs. The {@link SubtaskTraits traits} of a subtask choose its runner once, at the fork; there is one of
 * each for a scope.
 */
sealed interface Runner permits OnThread, OnOutsideThread, OnReusedThread, InWorker {

    /** Returns code that does the same with what the thread of this runner does not inherit. On the forking thread. */
    default <T extends @Nullable Object> Callable<? extends T> around(Callable<? extends T> code) {
        return code;
    }

    /**
     * Keeps what a subtask inherits from the forking thread, for a subtask that cannot start yet. On the forking thread.
     *
     * @throws OutOfMemoryError if it cannot be kept
     * @throws RuntimeException if the JDK refuses the fork
     */
    void hold(ScopedSubtask<?> subtask);

    /**
     * Starts a subtask that has its permit. On the forking thread, or on any thread after {@link #hold}.
     *
     * @throws OutOfMemoryError if no thread can be started
     * @throws RuntimeException if the JDK refuses the fork
     */
    void start(ScopedSubtask<?> subtask);

    /**
     * Starts a subtask that has waited for its permit. Any thread; it runs no code of users there.
     *
     * @param before the thread that had the permit and is about to end; null if there is none
     */
    void startGranted(ScopedSubtask<?> subtask, @Nullable Thread before);

    /** Whether the calling thread, which has just run a subtask of this runner, ends with it. */
    boolean endsThread();
}
