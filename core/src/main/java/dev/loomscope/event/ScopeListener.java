package dev.loomscope.event;

/**
 * Hears what happens in scopes and pools.
 *
 * <p>Called on whichever thread made it happen, several at once: implementations are thread-safe, quick, and do not
 * block. One that throws is logged once and not called again; it never disturbs a scope.
 */
@FunctionalInterface
public interface ScopeListener {

    /** Something has happened. */
    void onEvent(ScopeEvent event);
}
