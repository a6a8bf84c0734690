package dev.loomscope.core;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which {@link ContextValue}s are bound on the calling thread: immutable maps from names to values, replaced as a whole. */
final class ContextBindings {

    private static final ThreadLocal<@Nullable Map<String, Object>> CURRENT = new ThreadLocal<>();

    // Most programs bind none; their threads need not even look, which would make each of them a table of thread
    // locals.
    private static volatile boolean everBound; // any thread; never goes back to false

    private ContextBindings() {}

    /** Those of the calling thread; empty if it has none. */
    static Map<String, Object> current() {
        Map<String, Object> bound = everBound ? CURRENT.get() : null;
        return bound == null ? Map.of() : bound;
    }

    /** Replaces those of the calling thread. */
    static void replace(Map<String, Object> bindings) {
        if (!bindings.isEmpty()) {
            everBound = true;
            CURRENT.set(bindings);
        } else if (everBound) {
            CURRENT.remove();
        }
    }

    static Map<String, Object> with(Map<String, Object> bindings, String name, Object value) {
        Map<String, Object> more = new HashMap<>(bindings);
        more.put(name, value);
        return Collections.unmodifiableMap(more);
    }
}
