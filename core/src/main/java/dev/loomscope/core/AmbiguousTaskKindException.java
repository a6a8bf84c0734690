package dev.loomscope.core;

import java.io.Serial;

/**
 * Thrown by {@code fork} when the code of a task is of two kinds at once, for example a lambda that calls one method
 * annotated {@link Io} and one annotated {@link Cpu}. The message names both.
 */
public final class AmbiguousTaskKindException extends IllegalArgumentException {

    @Serial
    private static final long serialVersionUID = 1L;

    AmbiguousTaskKindException(String message) {
        super(message);
    }
}
