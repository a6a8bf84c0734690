package dev.loomscope;

import dev.loomscope.core.TaskContext;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * The context that a subtask takes along from the thread that forked it: the {@link TaskContext}, the thread locals that Micrometer
 * knows where that library is on the class path, and the OpenTelemetry context where that API or its agent is present. The JDK hands
 * on scoped values. Immutable.
 */
final class ForkContext {

    /** The context of a thread that has none. */
    static final ForkContext NOTHING = new ForkContext(TaskContext.EMPTY, null, OpenTelemetryContext.root());

    private static final boolean MICROMETER = isPresent("io.micrometer.context.ContextSnapshotFactory");

    private final TaskContext own;
    private final @Nullable MicrometerContext micrometer;
    private final @Nullable OpenTelemetryContext trace; // null if OpenTelemetry is absent

    private ForkContext(TaskContext own, @Nullable MicrometerContext micrometer, @Nullable OpenTelemetryContext trace) {
        this.own = own;
        this.micrometer = micrometer;
        this.trace = trace;
    }

    /** Returns what the calling thread has, at the time of the fork. */
    static ForkContext capture() {
        TaskContext own = TaskContext.capture();
        MicrometerContext micrometer = MICROMETER ? MicrometerContext.capture() : null;
        OpenTelemetryContext trace = OpenTelemetryContext.capture();
        return own == TaskContext.EMPTY && micrometer == null && trace == NOTHING.trace
                ? NOTHING
                : new ForkContext(own, micrometer, trace);
    }

    /** The part that reaches other processes. */
    TaskContext forWorker() {
        return own;
    }

    /**
     * Returns code that does the same with this around it.
     *
     * @param reused whether the code will run on a thread that has run other code before. Such a thread may have an OpenTelemetry
     *     context: one that an earlier task has left open, or one that the java agent has propagated from the thread that started
     *     this task, which need not be the thread that forked it.
     */
    <T extends @Nullable Object> Callable<? extends T> around(Callable<? extends T> code, boolean reused) {
        if (this == NOTHING && !(reused && trace != null)) {
            return code;
        }
        return () -> {
            Installed installed = install();
            try {
                return code.call();
            } finally {
                installed.remove();
            }
        };
    }

    // OpenTelemetry comes last. An accessor that Micrometer knows may set or clear the trace as well, but a subtask has
    // the trace that was current at the fork.
    /** Gives it to the calling thread in place of what that has, until {@link Installed#remove}. */
    Installed install() {
        TaskContext.Installed ownInstalled = own.install();
        Runnable removeMicrometer = null;
        try {
            removeMicrometer = micrometer == null ? null : micrometer.install();
            return new Installed(ownInstalled, removeMicrometer, trace == null ? null : trace.install());
        } catch (Throwable e) {
            new Installed(ownInstalled, removeMicrometer, null).remove();
            throw e;
        }
    }

    private static boolean isPresent(String type) {
        try {
            Class.forName(type, false, ForkContext.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException | LinkageError e) {
            return false;
        }
    }

    /** A context that a thread has for the duration of a subtask. */
    record Installed(
            TaskContext.Installed own, @Nullable Runnable micrometer, OpenTelemetryContext.@Nullable Installed trace) {

        /** Gives the thread back the context that it had before. Called once, by the thread that installed it. */
        void remove() {
            try {
                if (trace != null) {
                    trace.remove();
                }
            } finally {
                removeOthers();
            }
        }

        private void removeOthers() {
            try {
                if (micrometer != null) {
                    micrometer.run();
                }
            } finally {
                own.remove();
            }
        }
    }
}
