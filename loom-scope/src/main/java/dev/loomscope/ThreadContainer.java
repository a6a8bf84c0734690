package dev.loomscope;

import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * The threads that one thread has started for a scope: a scope of the JDK, and the thread of the right kind for each subtask.
 *
 * <p>Owner thread only.
 */
final class ThreadContainer {

    // The JDK makes an object for each fork, which would run this and tell a joiner that does not listen. The thread
    // runs our subtask instead: so that object is not kept, and a task that waits has one frame less below it.
    private static final Callable<?> NEVER_CALLED = () -> {
        throw new AssertionError("the thread of a subtask runs that alone");
    };

    private final JdkScope jdk;
    private @Nullable ScopedSubtask<?> next; // what the factory makes a thread for; the JDK calls it inside fork
    private Thread.@Nullable Builder helper; // how the factory makes one that is no subtask

    ThreadContainer(String name) {
        this.jdk = JdkScope.open(name, this::newThread);
    }

    /** Starts the thread of a subtask. */
    void start(ScopedSubtask<?> subtask) {
        next = subtask;
        try {
            jdk.fork(NEVER_CALLED);
        } finally {
            next = null; // a scope that stays open forgets what has ended
        }
    }

    /** Starts a thread that is no subtask, with nothing of the calling thread but its scoped values. */
    void startHelper(Thread.Builder kind, Runnable code) {
        helper = kind.inheritInheritableThreadLocals(false);
        try {
            jdk.fork(() -> {
                code.run();
                return null;
            });
        } finally {
            helper = null;
        }
    }

    /** Waits until all threads have ended, keeping an interrupt for later. */
    void close() {
        boolean interrupted = false;
        while (true) {
            try {
                jdk.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            } catch (IllegalStateException e) {
                break; // 25 has taken the interrupted join for one: close waits as well
            }
        }
        try {
            jdk.close();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private Thread newThread(Runnable code) {
        ScopedSubtask<?> subtask = next;
        if (subtask == null) {
            return Objects.requireNonNull(helper, "helper").unstarted(code);
        }
        hold(subtask);
        return subtask.heldThread();
    }

    /**
     * Makes the thread of a subtask, unless it has one. The thread inherits the context class loader and inheritable thread locals of the
     * calling thread, which forks the subtask; its scoped values come from the container in which it is started.
     */
    static void hold(ScopedSubtask<?> subtask) {
        if (!subtask.hasThread()) {
            subtask.setThread(builderFor(subtask).unstarted(subtask));
        }
    }

    /** A builder for the thread of a subtask, by which the thread {@linkplain ScopedSubtask#current finds} it. */
    static Thread.Builder builderFor(ScopedSubtask<?> subtask) {
        Thread.Builder builder =
                subtask.needsPlatformThread() ? Thread.ofPlatform().daemon() : Thread.ofVirtual();
        return builder.name(subtask.name()).uncaughtExceptionHandler(subtask);
    }
}
