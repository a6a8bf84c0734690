package dev.loomscope;

import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs actions that lead to further actions one after the other instead of one inside the other: a long chain needs no deep stack. */
final class Trampoline {

    private static final Logger log = LoggerFactory.getLogger(Trampoline.class);
    private static final ThreadLocal<@Nullable Queue<Runnable>> running = new ThreadLocal<>();

    private Trampoline() {}

    /** Runs {@code action}, and those that it leads to; or leaves it to the action that runs further up in this thread. */
    static void run(Runnable action) {
        Queue<Runnable> queue = running.get();
        if (queue != null) {
            queue.add(action);
            return;
        }
        Queue<Runnable> mine = new ArrayDeque<>();
        running.set(mine);
        try {
            runAll(action, mine);
        } finally {
            running.remove();
        }
    }

    // What one of them throws keeps none of the others from running.
    private static void runAll(Runnable first, Queue<Runnable> others) {
        try {
            first.run();
        } finally {
            Runnable next = others.poll();
            if (next != null) {
                runRest(next, others);
            }
        }
    }

    private static void runRest(Runnable first, Queue<Runnable> others) {
        for (Runnable next = first; next != null; next = others.poll()) {
            try {
                next.run();
            } catch (RuntimeException | Error e) {
                SafeText.error(log, "a continuation or a start could not be run", e);
            }
        }
    }
}
