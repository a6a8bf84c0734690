package dev.loomscope.process;

import org.jspecify.annotations.Nullable;

/** Captures the settings of this JVM for the tasks of one pool: the same object as long as nothing changes. Thread-safe. */
final class WorldCapture {

    private final WorldAspects aspects;
    private volatile @Nullable ParentWorld last; // any thread; one is as good as another

    WorldCapture(ProcessPoolConfig config) {
        this.aspects = WorldAspects.of(config);
    }

    /**
     * Returns the present settings.
     *
     * @throws IllegalStateException if the default time zone is of a class that cannot be sent to a worker
     */
    ParentWorld now() {
        ParentWorld known = last;
        if (known != null && known.isCurrent()) {
            return known;
        }
        ParentWorld world = ParentWorld.capture(aspects);
        last = world;
        return world;
    }
}
