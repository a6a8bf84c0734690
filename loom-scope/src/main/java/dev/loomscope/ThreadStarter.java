package dev.loomscope;

import org.jspecify.annotations.Nullable;

/**
 * Starts the threads of a scope's subtasks inside the JDK's scope, on behalf of any thread.
 *
 * <p>From 25 on, only the owner of a JDK scope may fork in it. What the owner forks is started at once. What others fork, and what
 * had to wait for a permit, is started by a {@link Dispatcher}, a thread in the owner's container. The owner starts a dispatcher before
 * it could be needed: a platform thread when it forks the first BLOCKING subtask, so that BLOCKING subtasks never wait for a carrier, and
 * a virtual thread when it forks the first IO subtask and there is none.
 */
final class ThreadStarter {

    private final String name;
    private final Thread owner = Thread.currentThread();
    private final ThreadContainer container;
    private volatile @Nullable Dispatcher virtual; // owner thread; set once
    private volatile @Nullable Dispatcher platform; // owner thread; set once

    /** For the calling thread, the owner of the scope. */
    ThreadStarter(String name) {
        this.name = name;
        this.container = new ThreadContainer(name);
    }

    /** Whether the calling thread can have subtasks started here. */
    boolean isOpenToCaller() {
        return Thread.currentThread() == owner || platform != null || virtual != null;
    }

    /**
     * Makes sure that a subtask of this sort can be started while the owner is busy. No effect on other threads than the owner.
     *
     * @throws OutOfMemoryError if no thread can be started for that
     * @throws RuntimeException if the JDK refuses, because the owner has other scoped values than when it opened the scope
     */
    private void prepareFor(ScopedSubtask<?> subtask) {
        if (Thread.currentThread() != owner || platform != null) {
            return;
        }
        if (subtask.needsPlatformThread()) {
            platform = startDispatcher(Thread.ofPlatform().daemon().name("loom-scope-dispatcher"));
        } else if (virtual == null) {
            virtual = startDispatcher(Thread.ofVirtual());
        }
    }

    private Dispatcher startDispatcher(Thread.Builder kind) {
        Dispatcher dispatcher = new Dispatcher(name);
        container.startHelper(kind, dispatcher);
        return dispatcher;
    }

    /** Makes the thread of a subtask that cannot start yet. On the forking thread. */
    void hold(ScopedSubtask<?> subtask) {
        prepareFor(subtask);
        ThreadContainer.hold(subtask);
    }

    /** Starts a subtask that has its permit. On the forking thread, or after {@link #hold}. */
    void start(ScopedSubtask<?> subtask) {
        if (Thread.currentThread() == owner) {
            startHere(subtask);
        } else {
            startAfter(null, subtask);
        }
    }

    private void startHere(ScopedSubtask<?> subtask) {
        prepareFor(subtask); // first, since the subtask may fork
        container.start(subtask);
    }

    /** Starts a subtask that has the permit of a thread that is about to end, if there is one. Any thread. */
    void startAfter(@Nullable Thread before, ScopedSubtask<?> subtask) {
        Dispatcher dispatcher = dispatcherFor(subtask);
        if (dispatcher == null) {
            throw new IllegalStateException(
                    "scope '%s' has no thread that could start %s".formatted(name, subtask.describe()));
        }
        ThreadContainer.hold(subtask);
        dispatcher.request(subtask, before);
    }

    private @Nullable Dispatcher dispatcherFor(ScopedSubtask<?> subtask) {
        Dispatcher first = subtask.needsPlatformThread() ? platform : virtual;
        return first != null ? first : platform != null ? platform : virtual;
    }

    /** Waits until all threads have ended. Owner thread only, after the last subtask has ended. */
    void close() {
        end(virtual);
        end(platform);
        container.close();
    }

    private static void end(@Nullable Dispatcher dispatcher) {
        if (dispatcher != null) {
            dispatcher.end();
        }
    }
}
