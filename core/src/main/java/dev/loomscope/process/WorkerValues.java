package dev.loomscope.process;

import dev.loomscope.core.Task;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The values of all {@link WorkerLocal}s in this process, by name. */
final class WorkerValues {

    private static final Map<String, Slot> slots = new ConcurrentHashMap<>();
    private static final ReentrantLock lock = new ReentrantLock();
    private static final Deque<AutoCloseable> closeables = new ArrayDeque<>(); // guarded by lock; the latest first

    private WorkerValues() {}

    /** One value, or the place for it. */
    private static final class Slot {
        private final ReentrantLock making =
                new ReentrantLock(); // the one lock held during users' code: it makes one value
        private volatile @Nullable Object value; // set once, guarded by making
    }

    /** Returns the value of this name, made now if there is none. */
    static Object get(String name, Task<?> maker) throws Exception {
        Slot slot = slots.computeIfAbsent(name, unused -> new Slot());
        Object present = slot.value;
        return present != null ? present : make(name, maker, slot);
    }

    private static Object make(String name, Task<?> maker, Slot slot) throws Exception {
        if (slot.making.isHeldByCurrentThread()) {
            throw new IllegalStateException("worker-local '%s' needs itself to be made".formatted(name));
        }
        slot.making.lock();
        try {
            Object present = slot.value;
            if (present != null) {
                return present;
            }
            Object made = maker.call();
            if (made == null) {
                throw new NullPointerException("the maker of worker-local '%s' returned null".formatted(name));
            }
            remember(made);
            slot.value = made;
            return made;
        } finally {
            slot.making.unlock();
        }
    }

    private static void remember(Object made) {
        if (made instanceof AutoCloseable closeable) {
            lock.lock();
            try {
                closeables.addFirst(closeable);
            } finally {
                lock.unlock();
            }
        }
    }

    /**
     * Closes those that can be closed, last-in first-out, when this worker is about to exit.
     *
     * @throws Exception the first that one of them threw, with the others suppressed
     */
    static void close() throws Exception {
        Exception first = null;
        for (AutoCloseable next = nextToClose(); next != null; next = nextToClose()) {
            try {
                next.close();
            } catch (Exception e) {
                if (first == null) {
                    first = e;
                } else if (first != e) {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }

    private static @Nullable AutoCloseable nextToClose() {
        lock.lock();
        try {
            return closeables.pollFirst();
        } finally {
            lock.unlock();
        }
    }
}
