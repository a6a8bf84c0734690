package dev.loomscope;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Runs clean-up that a cancel must not cut: what a task has begun and has to finish, come what may.
 *
 * {@snippet :
 * try {
 *     copy(source, target);
 * } finally {
 *     Shield.run(() -> target.rollBack()); // a round trip over the network, also after a cancel
 * }
 * }
 *
 * <p>While the code runs, a cancel of the subtask, of its scope or of a scope around does not interrupt the calling thread, {@link
 * MixedScope#checkCancelled} sees nothing of it, and scopes that the code opens are neither cancelled nor bound by a deadline
 * outside. The interrupt comes when the code has ended. The scope waits so long: keep it short, and give it a deadline of its own.
 *
 * <p>Interrupts of others are not kept back. In a worker process a shield has no effect: a CPU task has the grace period of its
 * pool, and then its process is killed. The idea comes from Trio's shielded cancel scopes.
 */
public final class Shield implements ScopePlace {

    private final @Nullable ScopePlace around = ScopeTree.here();
    private final List<Interruptible> held = new ArrayList<>();
    private boolean over; // its thread only; never goes back to false

    private Shield() {
        for (ScopePlace place = around; place != null; place = place.around()) {
            if (place instanceof ScopedSubtask<?> subtask) {
                held.add(subtask);
                return; // whatever is around belongs to other threads
            }
            if (place instanceof ScopeTree tree) {
                tree.bodyInterrupt().ifPresent(held::add);
            }
        }
    }

    /**
     * Runs {@code code} shielded and returns its result, which may be null. Shields may be nested; outside of any scope it just runs.
     *
     * @throws NullPointerException if {@code code} is null
     * @throws X what the code throws
     */
    public static <V extends @Nullable Object, X extends Exception> V call(Code<? extends V, X> code) throws X {
        Objects.requireNonNull(code, "code");
        Shield shield = new Shield();
        shield.raise();
        try {
            return code.run();
        } finally {
            shield.lower();
        }
    }

    /**
     * As {@link #call}, for code without a result.
     *
     * @throws NullPointerException if {@code code} is null
     * @throws X what the code throws
     */
    public static <X extends Exception> void run(Action<X> code) throws X {
        Objects.requireNonNull(code, "code");
        Shield.<@Nullable Void, X>call(() -> {
            code.run();
            return null;
        });
    }

    private void raise() {
        ScopeTree.stand(this);
        held.forEach(Interruptible::holdInterrupts);
    }

    private void lower() {
        over = true;
        ScopeTree.leave(this);
        held.forEach(Interruptible::releaseInterrupts);
    }

    /** Whether its code has ended. Its thread only. */
    boolean isOver() {
        return over;
    }

    @Override
    public @Nullable ScopePlace around() {
        return around;
    }

    @Override
    public @Nullable CancelReason cancelled() {
        return null;
    }

    /**
     * Code that is shielded.
     *
     * @param <V> what it returns
     * @param <X> what it throws
     */
    @FunctionalInterface
    public interface Code<V extends @Nullable Object, X extends Exception> {

        /**
         * Runs it.
         *
         * @throws X if it fails
         */
        V run() throws X;
    }

    /**
     * Code that is shielded and has no result.
     *
     * @param <X> what it throws
     */
    @FunctionalInterface
    public interface Action<X extends Exception> {

        /**
         * Runs it.
         *
         * @throws X if it fails
         */
        void run() throws X;
    }
}
