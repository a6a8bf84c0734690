package dev.loomscope;

import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ContextSnapshot;
import io.micrometer.context.ContextSnapshotFactory;
import org.jspecify.annotations.Nullable;

/**
 * The thread locals that Micrometer's context-propagation knows: traces, security contexts and whatever else has registered itself
 * there. The only class that may name its types, and loaded only by {@link ForkContext}, after that has found them.
 */
final class MicrometerContext {

    // The threads of a scope may have inherited what was not there at the fork.
    private static final ContextSnapshotFactory SNAPSHOTS =
            ContextSnapshotFactory.builder().clearMissing(true).build();

    private final ContextSnapshot snapshot;

    private MicrometerContext(ContextSnapshot snapshot) {
        this.snapshot = snapshot;
    }

    /** Returns what the calling thread has; null if there is nobody who could have something. */
    static @Nullable MicrometerContext capture() {
        return ContextRegistry.getInstance().getThreadLocalAccessors().isEmpty()
                ? null
                : new MicrometerContext(SNAPSHOTS.captureAll());
    }

    /** Gives it to the calling thread, until what is returned here runs. */
    Runnable install() {
        return snapshot.setThreadLocals()::close;
    }
}
