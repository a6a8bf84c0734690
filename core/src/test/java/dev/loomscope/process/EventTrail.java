package dev.loomscope.process;

import dev.loomscope.event.ScopeEvent;
import dev.loomscope.event.ScopeListener;
import java.util.List;
import java.util.concurrent.Callable;
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

    /** As {@link #of}, once there is one: events come a moment after what they tell. */
    <E extends ScopeEvent> List<E> await(Class<E> type) throws Exception {
        Eventually.becomesTrue(type.getSimpleName(), () -> !of(type).isEmpty());
        return of(type);
    }

    /** Those about one worker, once there is one. */
    <E extends ScopeEvent.OfWorker> List<E> await(Class<E> type, long pid) throws Exception {
        Callable<List<E>> ofWorker =
                () -> of(type).stream().filter(event -> event.pid() == pid).toList();
        Eventually.becomesTrue(type.getSimpleName(), () -> !ofWorker.call().isEmpty());
        return ofWorker.call();
    }

    /** The processes of all workers that ever got ready. */
    List<Long> pids() {
        return of(ScopeEvent.WorkerStarted.class).stream()
                .map(ScopeEvent.WorkerStarted::pid)
                .toList();
    }
}
