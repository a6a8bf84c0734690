package dev.loomscope;

import org.jspecify.annotations.Nullable;

/** Somebody whose thread we interrupt, and who can put that off. All calls come from that thread, the first two in pairs. */
interface Interruptible {

    /** From now on an interrupt of ours is kept back; one that is there already, too. */
    void holdInterrupts();

    /** What was kept back is delivered, once the outermost hold ends. */
    void releaseInterrupts();

    /** Whether an interrupt of ours was delivered, and not kept back afterwards. */
    boolean wasInterrupted();

    /** The innermost around {@code start}; null for none. */
    static @Nullable Interruptible around(@Nullable ScopePlace start) {
        for (ScopePlace place = start; place != null; place = place.around()) {
            if (place instanceof ScopedSubtask<?> subtask) {
                return subtask;
            }
            if (place instanceof ScopeTree tree && tree.bodyInterrupt().isPresent()) {
                return tree.bodyInterrupt().get();
            }
        }
        return null;
    }
}
