package dev.loomscope.process;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** The failure of a task that succeeded in its worker, but whose result could not be read here. The message says why. */
public final class ResultRejectedException extends Exception {

    @Serial
    private static final long serialVersionUID = 1L;

    private ResultRejectedException(String message, Throwable cause) {
        super(message, cause);
    }

    static ResultRejectedException of(String task, @Nullable String rejected, Throwable cause) {
        if (rejected == null) {
            return new ResultRejectedException(
                    "the result of CPU task '%s' could not be read: %s".formatted(task, cause), cause);
        }
        return new ResultRejectedException(
                ("the result of CPU task '%s' holds %s, which a worker may not send. Results may hold value types of the JDK and"
                                + " types from the jars of the task's own code; allow others with"
                                + " ProcessPoolConfig.withAllowedResults(\"%2$s\") if reading them is safe.")
                        .formatted(task, rejected),
                cause);
    }
}
