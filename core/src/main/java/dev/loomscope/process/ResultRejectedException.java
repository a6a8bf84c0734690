package dev.loomscope.process;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** The failure of a task that succeeded in its worker, but whose result could not be read here. The message says why. */
public final class ResultRejectedException extends Exception {

    @Serial
    private static final long serialVersionUID = 1L;

    private ResultRejectedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    static ResultRejectedException tooLarge(String task, long bytes, ResultMemory memory) {
        return new ResultRejectedException(
                "what CPU task '%s' returned or threw has %s bytes, and was not read: %s."
                        .formatted(task, bytes, memory.describe()),
                null);
    }

    static ResultRejectedException unreadable(String task, Throwable cause) {
        String advice = cause instanceof ClassNotFoundException
                ? ". Only its worker knows that class: return a type that both JVMs have on their class path."
                : "";
        return new ResultRejectedException(
                "what CPU task '%s' returned or threw could not be read: %s%s".formatted(task, cause, advice), cause);
    }

    static ResultRejectedException of(String task, ResultFilter filter, Throwable cause) {
        String rejected = filter.rejected();
        if (rejected == null) {
            return unreadable(task, cause);
        }
        String what = "the result of CPU task '%s' holds %s, which a worker may not send.".formatted(task, rejected);
        String advice = filter.rejectedByName() ? advice(rejected) : "";
        return new ResultRejectedException(what + advice, cause);
    }

    private static String advice(String rejected) {
        return (" Results may hold value types of the JDK and types from the jars of the task's own code; allow others with"
                        + " ProcessPoolConfig.withAllowedResults(\"%s\") if reading them is safe.")
                .formatted(rejected);
    }
}
