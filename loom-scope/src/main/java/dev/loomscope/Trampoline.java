package dev.loomscope;

import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** Runs actions that lead to further actions one after the other instead of one inside the other: a long chain needs no deep stack. */
final class Trampoline {

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
            for (Runnable next = action; next != null; next = mine.poll()) {
                next.run();
            }
        } finally {
            running.remove();
        }
    }
}
