package dev.loomscope;

import java.io.Serial;

/**
 * Thrown by {@link MixedScope#close} when a {@linkplain MixedScope#register registered} resource could not be closed. The
 * cause is the first problem, those of further resources are suppressed.
 */
public final class ResourceCloseException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    ResourceCloseException(String message, Throwable cause) {
        super(message, cause);
    }
}
