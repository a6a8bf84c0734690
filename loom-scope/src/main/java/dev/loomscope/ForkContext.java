package dev.loomscope;

import dev.loomscope.core.TaskContext;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * What a subtask has of the thread that forked it, beside scoped values, which the JDK hands on: the {@link TaskContext}, and what
 * Micrometer knows, where that is on the class path. Immutable.
 */
final class ForkContext {

    /** What a thread has that has nothing. */
    static final ForkContext NOTHING = new ForkContext(TaskContext.EMPTY, null);

    private static final boolean MICROMETER = isPresent("io.micrometer.context.ContextSnapshotFactory");

    private final TaskContext own;
    private final @Nullable MicrometerContext micrometer;

    private ForkContext(TaskContext own, @Nullable MicrometerContext micrometer) {
        this.own = own;
        this.micrometer = micrometer;
    }

    /** Returns what the calling thread has, at the time of the fork. */
    static ForkContext capture() {
        TaskContext own = TaskContext.capture();
        MicrometerContext micrometer = MICROMETER ? MicrometerContext.capture() : null;
        return own == TaskContext.EMPTY && micrometer == null ? NOTHING : new ForkContext(own, micrometer);
    }

    /** The part that reaches other processes. */
    TaskContext forWorker() {
        return own;
    }

    /** Returns code that does the same with this around it; for a thread that has nothing, and ends with it. */
    <T extends @Nullable Object> Callable<? extends T> around(Callable<? extends T> code) {
        if (this == NOTHING) {
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

    /** Gives it to the calling thread in place of what that has, until {@link Installed#remove}. */
    Installed install() {
        TaskContext.Installed ownInstalled = own.install();
        if (micrometer == null) {
            return new Installed(ownInstalled, null);
        }
        try {
            return new Installed(ownInstalled, micrometer.install());
        } catch (Throwable e) {
            ownInstalled.remove();
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

    /** A context that a thread has for the time of a subtask. */
    record Installed(TaskContext.Installed own, @Nullable Runnable micrometer) {

        /** Gives the thread back what it had before. For the thread that installed it, once. */
        void remove() {
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
