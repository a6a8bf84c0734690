package dev.loomscope;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.event.Level;

/** What messages say of the objects of users, whose {@code toString} may throw. */
final class SafeText {

    private SafeText() {}

    /** Logs a warning with what users threw, whose parts may throw again when they are printed; so may the log. Throws nothing. */
    static void warn(Logger log, String message, @Nullable Throwable thrown) {
        log(log, Level.WARN, message, thrown);
    }

    /** The same as an error. */
    static void error(Logger log, String message, @Nullable Throwable thrown) {
        log(log, Level.ERROR, message, thrown);
    }

    private static void log(Logger log, Level level, String message, @Nullable Throwable thrown) {
        try {
            log.atLevel(level).setCause(thrown).log(message);
        } catch (Throwable e) {
            logBriefly(log, level, message, thrown);
        }
    }

    private static void logBriefly(Logger log, Level level, String message, @Nullable Throwable thrown) {
        try {
            log.atLevel(level).log("{}: {}", message, of(thrown));
        } catch (Throwable e) {
            // the log is of no use: what goes on here must not end for that
        }
    }

    /** Returns what {@code object} says of itself, or what it is if it cannot. */
    static String of(@Nullable Object object) {
        if (object == null) {
            return "null";
        }
        try {
            return String.valueOf(object.toString());
        } catch (Throwable e) { // also an error: the message must not cost more than its text
            return "%s (its toString threw %s)"
                    .formatted(object.getClass().getName(), e.getClass().getName());
        }
    }
}
