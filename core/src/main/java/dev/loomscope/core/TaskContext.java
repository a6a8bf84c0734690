package dev.loomscope.core;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What travels with a task from the thread that forks it to the one that runs it, in this JVM or in another: SLF4J's MDC and
 * the {@link ContextValue}s that are bound.
 *
 * <p>For backends and those who call one directly; a scope captures and installs it by itself. Immutable.
 */
public final class TaskContext {

    /** Nothing travels. */
    public static final TaskContext EMPTY = new TaskContext(Map.of(), Map.of());

    private final Map<String, @Nullable String> log;
    private final Map<String, Object> values;

    private TaskContext(Map<String, @Nullable String> log, Map<String, Object> values) {
        this.log = log;
        this.values = values;
    }

    /** Returns what the calling thread has; {@link #EMPTY} if it has nothing. */
    public static TaskContext capture() {
        return orEmpty(LogContext.copy(), ContextBindings.current());
    }

    /**
     * Returns a context of these parts, of which it makes copies.
     *
     * @param log the entries of the MDC
     * @param values the context values by name
     */
    public static TaskContext of(Map<String, @Nullable String> log, Map<String, Object> values) {
        return orEmpty(
                Collections.unmodifiableMap(new HashMap<>(log)), Collections.unmodifiableMap(new HashMap<>(values)));
    }

    private static TaskContext orEmpty(Map<String, @Nullable String> log, Map<String, Object> values) {
        return log.isEmpty() && values.isEmpty() ? EMPTY : new TaskContext(log, values);
    }

    /** The entries of the MDC, unmodifiable. */
    public Map<String, @Nullable String> log() {
        return Collections.unmodifiableMap(log);
    }

    /** The context values by name, unmodifiable. */
    public Map<String, Object> values() {
        return values;
    }

    /**
     * Gives it to the calling thread in place of what that has, until {@link Installed#remove}.
     *
     * @throws RuntimeException what the logging framework throws; nothing is installed then
     */
    public Installed install() {
        TaskContext before = capture();
        LogContext.replace(log);
        ContextBindings.replace(values);
        return before == EMPTY ? Installed.OVER_NOTHING : new Installed(before);
    }

    /** Takes everything from the calling thread that could have travelled, whoever has put it there. */
    public static void clear() {
        Installed.OVER_NOTHING.remove();
    }

    /** Names what it holds, without the values. */
    @Override
    public String toString() {
        return "TaskContext[MDC %s, values %s]".formatted(log.keySet(), values.keySet());
    }

    /** A context that a thread has for the time of a task. */
    public static final class Installed {

        private static final Installed OVER_NOTHING = new Installed(EMPTY);

        private final TaskContext before;

        private Installed(TaskContext before) {
            this.before = before;
        }

        /**
         * Gives the thread back what it had before; what was added meanwhile is gone. For the thread that installed it, once.
         */
        public void remove() {
            ContextBindings.replace(before.values);
            LogContext.replace(before.log);
        }
    }
}
