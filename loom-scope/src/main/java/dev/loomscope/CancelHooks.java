package dev.loomscope;

import dev.loomscope.core.TaskAction;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The hooks of one subtask or scope: run once, on a cancel, each on one of the {@link CallbackThreads}, with the context class loader
 * of the thread that has added it. Thread-safe.
 */
final class CancelHooks {

    private static final Logger log = LoggerFactory.getLogger(CancelHooks.class);

    private final String whose;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition ended = lock.newCondition();
    private final Set<Entry> waiting = new LinkedHashSet<>(); // guarded by lock
    private final Set<Entry> running = new LinkedHashSet<>(); // guarded by lock
    private boolean cancelled; // guarded by lock; never goes back to false
    private boolean over; // guarded by lock; never goes back to false

    CancelHooks(String whose) {
        this.whose = whose;
    }

    /** Puts a hook in place; if the cancel was before, it runs at once. */
    CancelHook add(TaskAction hook) {
        Entry entry = new Entry(this, hook);
        boolean now;
        lock.lock();
        try {
            now = cancelled && !over;
            (now ? running : waiting).add(entry);
        } finally {
            lock.unlock();
        }
        if (now) {
            start(entry);
        }
        return entry;
    }

    /** The cancel has come. */
    void run() {
        List<Entry> all;
        lock.lock();
        try {
            cancelled = true;
            if (over) {
                return;
            }
            all = List.copyOf(waiting);
            waiting.clear();
            running.addAll(all);
        } finally {
            lock.unlock();
        }
        all.forEach(this::start);
    }

    /** Whose they are is about to end: none runs any more. Waits, without being interruptible, for those that do. */
    void end() {
        lock.lock();
        try {
            over = true;
            while (!running.isEmpty()) {
                ended.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    /** The owner has ended and is left behind: no further hook starts, and those that run are not waited for. */
    void abandon() {
        lock.lock();
        try {
            over = true;
        } finally {
            lock.unlock();
        }
    }

    private void start(Entry entry) {
        CallbackThreads.execute(() -> run(entry));
    }

    // What a hook throws is no failure of the task, which may well have ended as it should.
    private void run(Entry entry) {
        Thread thread = Thread.currentThread();
        String name = thread.getName();
        ClassLoader classes = thread.getContextClassLoader();
        entry.runner = thread;
        try {
            thread.setName("on-cancel-" + whose);
            thread.setContextClassLoader(entry.classes);
            entry.hook.run();
        } catch (Throwable e) {
            SafeText.warn(log, "a cancel hook of %s threw".formatted(whose), e);
        } finally {
            thread.setContextClassLoader(classes);
            thread.setName(name);
            end(entry);
        }
    }

    private void end(Entry entry) {
        lock.lock();
        try {
            running.remove(entry);
            ended.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void remove(Entry entry) {
        lock.lock();
        try {
            waiting.remove(entry);
            while (running.contains(entry) && entry.runner != Thread.currentThread()) {
                ended.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    /** One hook. */
    static final class Entry implements CancelHook {
        private final CancelHooks hooks;
        private final TaskAction hook;
        private final @Nullable ClassLoader classes = Thread.currentThread().getContextClassLoader();
        private volatile @Nullable Thread runner; // by itself, before the hook

        private Entry(CancelHooks hooks, TaskAction hook) {
            this.hooks = hooks;
            this.hook = hook;
        }

        @Override
        public void close() {
            hooks.remove(this);
        }
    }
}
