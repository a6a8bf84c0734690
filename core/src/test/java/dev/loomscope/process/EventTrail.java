package dev.loomscope.process;

import dev.loomscope.event.ScopeEvent;
import dev.loomscope.event.ScopeListener;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Remembers all events. */
final class EventTrail implements ScopeListener {

    private final List<ScopeEvent> events = new CopyOnWriteArrayList<>();

    @Override
    public void onEvent(ScopeEvent event) {
        events.add(event);
    }

    List<ScopeEvent> all() {
        return List.copyOf(events);
    }

    <E extends ScopeEvent> List<E> of(Class<E> type) {
        return events.stream().filter(type::isInstance).map(type::cast).toList();
    }

    /** The processes of all workers that ever got ready. */
    List<Long> pids() {
        return of(ScopeEvent.WorkerStarted.class).stream()
                .map(ScopeEvent.WorkerStarted::pid)
                .toList();
    }
}
