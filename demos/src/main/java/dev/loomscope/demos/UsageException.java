package dev.loomscope.demos;

import java.io.Serial;

/** Thrown when the arguments of a demo make no sense; the message says what would. */
final class UsageException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    UsageException(String message) {
        super(message);
    }
}
