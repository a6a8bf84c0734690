package dev.loomscope.process;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** The failure of tasks for which no worker process could be started. The message has what the process wrote to stderr. */
public final class WorkerStartException extends Exception {

    @Serial
    private static final long serialVersionUID = 1L;

    WorkerStartException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
