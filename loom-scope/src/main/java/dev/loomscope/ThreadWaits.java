package dev.loomscope;

import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What each thread that is inside a wait of ours waits for. Waits elsewhere are not known: such a thread counts as
 * running.
 */
final class ThreadWaits {

    private static final Map<Thread, WaitGraph.Wait> waits =
            new ConcurrentHashMap<>(); // each entry by its own thread only

    private ThreadWaits() {}

    /**
     * The calling thread is about to wait. Say it before you look whether somebody waits: of two that close a cycle
     * together, the later one sees the other.
     *
     * @param wait a new object each time
     */
    static void begin(WaitGraph.Wait wait) {
        waits.put(Thread.currentThread(), wait);
    }

    /** The calling thread waits no more. */
    static void end() {
        waits.remove(Thread.currentThread());
    }

    /** A wait that an interrupt can end. */
    @FunctionalInterface
    interface InterruptibleWait {
        void await() throws InterruptedException;
    }

    /**
     * Runs a wait of the calling thread for the end of all these.
     *
     * @param where as in {@link WaitGraph.All}
     * @throws LimiterDeadlockException if it would never end
     */
    static void during(String where, Collection<? extends WaitGraph.Node> nodes, InterruptibleWait wait)
            throws InterruptedException {
        during(new WaitGraph.All(where, nodes), wait);
    }

    /** As the other, for a wait of the calling thread that ends in another way. */
    static void during(WaitGraph.Wait reason, InterruptibleWait wait) throws InterruptedException {
        begin(reason);
        try {
            WaitGraph.cycleThrough(new Waiting(Thread.currentThread(), reason)).ifPresent(cycle -> {
                throw new LimiterDeadlockException(cycle);
            });
            wait.await();
        } finally {
            end();
        }
    }

    /** A thread in a wait, as the start of a search. */
    private record Waiting(Thread thread, WaitGraph.Wait reason) implements WaitGraph.Node {

        @Override
        public String describe() {
            return "thread '%s'".formatted(thread.getName());
        }

        @Override
        public WaitGraph.Wait waitsFor() {
            return reason;
        }
    }

    /** What {@code thread} waits for; null if it runs, has ended, or waits for something else. */
    static WaitGraph.@Nullable Wait of(Thread thread) {
        return waits.get(thread);
    }
}
