package dev.loomscope.process;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The shutdown hook of all pools. It is registered while a pool has workers or a worker process is alive, and unregistered after
 * that, so that it does not keep our class loader reachable.
 *
 * <p>Shutdown hooks run concurrently, and nothing says when the others are done. This hook can often find out: the thread that shuts
 * the JVM down starts all hooks, and then joins them one by one, in the same order. When it waits for this hook, the hooks that were
 * started before have ended. Those started later are among the threads that this hook did not see when it was started. If any of
 * this cannot be seen, the answer is that other hooks may be running.
 */
final class ShutdownHook extends Thread {

    /** What the other shutdown hooks do. */
    enum Others {
        /** All have ended. */
        ENDED,
        /** At least one that was started before this one is still running. */
        RUNNING,
        /** At least one that was started after this one may be running, or it cannot be seen. */
        UNKNOWN
    }

    static final String NAME = "loom-scope-shutdown";

    private static final String HOOKS = "java.lang.ApplicationShutdownHooks";
    private static final String SHUTDOWN = "java.lang.Shutdown";
    private static final int SPARE = 16; // threads that may start while they are listed
    private static final int CANDIDATES = 128;
    private static final int TABLE = 64; // of the JDK's map of hooks, which is larger if there are more than 20

    private static final ReentrantLock lock = new ReentrantLock();
    private static List<Thread> registered = List.of(); // guarded by lock
    private static final AtomicInteger uses = new AtomicInteger(); // changed under lock

    private volatile @Nullable Thread starter; // set once, by the thread that shuts the JVM down
    private volatile Set<Thread> before = Set.of(); // the same; the threads that were alive when this one was started
    private boolean joined; // this thread only; at the last look, the starter was waiting for this one

    private ShutdownHook() {
        super(null, null, NAME, 0, false);
        setDaemon(true);
    }

    /** Another hook, which never runs: that it should start says that the shutdown has begun. */
    private static final class Mark extends Thread {

        Mark() {
            super(null, null, "loom-scope-shutdown-mark", 0, false);
        }

        @Override
        public void start() {
            Shutdown.begin();
        }
    }

    /**
     * Registers the hook at the first use.
     *
     * @return false if it is too late, since this JVM is shutting down already
     */
    static boolean acquire() {
        lock.lock();
        try {
            if (registered.isEmpty()) {
                registered = CleanStack.make(() -> List.of(select(Mark::new, true), select(ShutdownHook::new, false)));
            }
            boolean inTime = uses.get() > 0 || registered.stream().allMatch(ShutdownHook::register);
            uses.incrementAndGet();
            return inTime;
        } finally {
            lock.unlock();
        }
    }

    // The JDK starts and joins hooks in the order of an identity map, which is chance. It is better to be the first who
    // knows, and the
    // last who is joined. Nothing depends on it: a task that another hook forks before we know is one that was forked
    // before.
    private static Thread select(Supplier<Thread> hooks, boolean first) {
        Thread best = hooks.get();
        for (int i = 1; i < CANDIDATES; i++) {
            Thread other = hooks.get();
            best = isBetter(other, best, first) ? other : best;
        }
        return best;
    }

    private static boolean isBetter(Thread hook, Thread other, boolean first) {
        return first ? place(hook) < place(other) : place(hook) > place(other);
    }

    // As IdentityHashMap has it.
    private static int place(Thread hook) {
        int hash = System.identityHashCode(hook);
        return ((hash << 1) - (hash << 8)) & (TABLE - 1);
    }

    /** Unregisters the hook after the last use, one for each {@link #acquire}. */
    static void release() {
        lock.lock();
        try {
            if (uses.decrementAndGet() == 0) {
                registered.forEach(ShutdownHook::unregister);
                registered = List.of();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Whether this JVM is shutting down without this hook: it was not registered when the shutdown began. */
    static boolean isMissed() {
        if (uses.get() > 0) {
            return false;
        }
        Thread probe = new Thread(null, null, "loom-scope-probe", 0, false);
        if (!register(probe)) {
            return true;
        }
        unregister(probe);
        return false;
    }

    private static boolean register(Thread hook) {
        try {
            Runtime.getRuntime().addShutdownHook(hook);
            return true;
        } catch (IllegalStateException e) {
            return false; // the JVM is shutting down
        }
    }

    private static void unregister(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // the JVM is shutting down: the hook may be running
        }
    }

    // Called by the thread that shuts the JVM down: whatever is thrown here would keep other hooks from running.
    @Override
    public void start() {
        Shutdown.begin();
        try {
            starter = Thread.currentThread();
            before = threads();
        } catch (RuntimeException | Error e) {
            starter = null; // no memory, for example: then the other hooks cannot be seen
        }
        super.start();
    }

    @Override
    public void run() {
        Shutdown.run(this);
    }

    /** Looks what the other hooks do. Only on this thread; has to be called twice to return {@link Others#ENDED}. */
    Others look() {
        Thread shutter = starter;
        if (shutter == null) {
            return Others.UNKNOWN;
        }
        boolean before = joined;
        List<StackTraceElement> stack = List.of(shutter.getStackTrace());
        int hooks = indexOf(stack, HOOKS);
        if (hooks < 0) {
            return Others.UNKNOWN; // this JDK runs hooks in another way
        }
        joined = indexOf(stack.subList(0, hooks), Thread.class.getName()) >= 0 && isJoinedBy(shutter);
        if (!joined || !before) {
            return Others.RUNNING; // or still to be started
        }
        return laterThreads().isEmpty() ? Others.ENDED : Others.UNKNOWN;
    }

    private static int indexOf(List<StackTraceElement> stack, String type) {
        return stack.stream().map(StackTraceElement::getClassName).toList().indexOf(type);
    }

    // Thread.join waits on the monitor of the thread, as its documentation says, and survives a notification. Whoever
    // was waiting there is blocked after one, until the monitor is free again.
    @SuppressWarnings("NotifyWithoutStateChange")
    private boolean isJoinedBy(Thread shutter) {
        synchronized (this) {
            boolean waited = shutter.getState() == State.WAITING;
            notifyAll();
            return waited && shutter.getState() == State.BLOCKED;
        }
    }

    /**
     * Threads that were started after this hook, and may be hooks. Threads of the pools are not, nor those with which the JDK runs
     * virtual threads and waits for processes, nor those that want to shut this JVM down too: another signal, the end of the main thread.
     */
    Set<Thread> laterThreads() {
        Set<Thread> later = threads();
        later.removeAll(before);
        later.removeIf(thread -> thread.getName().startsWith("loom-scope-")
                || thread.getName().startsWith("process reaper")
                || thread instanceof ForkJoinWorkerThread
                || thread.equals(starter)
                || isIn(SHUTDOWN, thread));
        return later;
    }

    private static boolean isIn(String type, Thread thread) {
        return indexOf(List.of(thread.getStackTrace()), type) >= 0;
    }

    private static Set<Thread> threads() {
        ThreadGroup root = Objects.requireNonNull(Thread.currentThread().getThreadGroup());
        while (root.getParent() != null) {
            root = root.getParent();
        }
        Thread[] found = new Thread[root.activeCount() + SPARE];
        int count = root.enumerate(found);
        while (count == found.length) { // there may be more
            found = new Thread[2 * found.length];
            count = root.enumerate(found);
        }
        return new HashSet<>(Arrays.asList(found).subList(0, count));
    }
}
