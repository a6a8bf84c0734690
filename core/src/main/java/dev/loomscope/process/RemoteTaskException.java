package dev.loomscope.process;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * Stands in for an exception of a CPU task that could not come back as itself, because it cannot be serialized or because its
 * class is not allowed or not known here. It has the original's class name, message, remote stack, causes and suppressed
 * exceptions, these as {@code RemoteTaskException}s too.
 */
public final class RemoteTaskException extends Exception {

    @Serial
    private static final long serialVersionUID = 1L;

    private final String remoteClass;

    RemoteTaskException(String remoteClass, @Nullable String message) {
        super(message == null ? remoteClass : remoteClass + ": " + message);
        this.remoteClass = remoteClass;
    }

    /** The name of the class of the original exception. */
    public String remoteClass() {
        return remoteClass;
    }
}
