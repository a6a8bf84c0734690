package dev.loomscope.event;

/**
 * Hears what happens in scopes and pools.
 *
 * <p>Called on whichever thread made it happen, several at once: implementations are thread-safe, quick, and do not
 * block. What a pool has to tell comes on a thread of its own, in order. One that throws is logged once and not called
 * again; it never disturbs a scope.
 */
@FunctionalInterface
public interface ScopeListener {

    /** Something has happened. */
    void onEvent(ScopeEvent event);
}
