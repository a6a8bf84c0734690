package dev.loomscope.core;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * Thrown by {@code fork} when a CPU task, or something that it captured, cannot be sent to a worker process; also the
 * failure of a task whose result cannot be sent back. The message says which field leads to the culprit and what to
 * write instead.
 */
public final class TaskNotSerializableException extends IllegalArgumentException {

    @Serial
    private static final long serialVersionUID = 1L;

    private final String path;

    /**
     * Makes one.
     *
     * @param path the fields from the task down to the culprit, empty if it is not known
     */
    public TaskNotSerializableException(String message, String path, @Nullable Throwable cause) {
        super(message, cause);
        this.path = path;
    }

    /** The fields from the task down to the object that cannot be sent; empty if the path is not known. */
    public String path() {
        return path;
    }
}
