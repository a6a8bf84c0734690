package dev.loomscope.core;

import java.lang.reflect.Field;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * The calling thread's MDC.
 *
 * <p>To ask SLF4J for it is to start the logging framework: 200 ms that a worker whose tasks do not log need not spend, and a
 * complaint on its stderr where there is none. So nothing here is the first to use SLF4J, but for setting what there is to set.
 */
final class LogContext {

    // As SLF4J itself keeps it, where only its own package looks; what is above has started with no framework.
    private static final int STARTED = 3;
    private static final @Nullable Field STATE = stateField();
    private static volatile boolean started; // any thread; never goes back to false

    private LogContext() {}

    /** Returns a copy of the MDC; empty if there is none. */
    @SuppressWarnings("NullAway") // SLF4J does not say that a value may be null, and some frameworks allow it
    static Map<String, @Nullable String> copy() {
        if (!isStarted()) {
            return Map.of();
        }
        Map<String, @Nullable String> copy = MDC.getCopyOfContextMap();
        return copy == null ? Map.of() : copy;
    }

    /** Replaces the MDC, also by nothing. */
    static void replace(Map<String, @Nullable String> entries) {
        if (!entries.isEmpty()) {
            MDC.setContextMap(entries);
        } else if (!copy().isEmpty()) {
            MDC.clear();
        }
    }

    private static boolean isStarted() {
        if (!started) {
            started = hasSlf4jStarted();
        }
        return started;
    }

    // In a module of its own SLF4J does not let us look: then it counts as started.
    private static boolean hasSlf4jStarted() {
        try {
            return STATE == null || STATE.getInt(null) >= STARTED;
        } catch (IllegalAccessException e) {
            return true;
        }
    }

    private static @Nullable Field stateField() {
        try {
            Field state = LoggerFactory.class.getDeclaredField("INITIALIZATION_STATE");
            state.setAccessible(true);
            return state;
        } catch (ReflectiveOperationException | RuntimeException e) {
            return null;
        }
    }
}
