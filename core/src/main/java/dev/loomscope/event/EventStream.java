package dev.loomscope.event;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delivers events to listeners in a way that none of them can disturb the source: one that throws is logged and dropped.
 */
public final class EventStream {

    private static final Logger log = LoggerFactory.getLogger(EventStream.class);

    private final List<Subscriber> subscribers;

    /** Makes a stream to {@code listeners}. */
    public EventStream(List<ScopeListener> listeners) {
        this.subscribers = listeners.stream().map(Subscriber::new).toList();
    }

    /** Makes the event and delivers it; without listeners it is not even made. Throws nothing. */
    public void publish(Supplier<? extends ScopeEvent> event) {
        if (subscribers.isEmpty()) {
            return;
        }
        try {
            ScopeEvent made = event.get();
            for (Subscriber subscriber : subscribers) {
                subscriber.deliver(made);
            }
        } catch (Throwable e) {
            // no memory for the event, say: its source has more important things to do
        }
    }

    private static final class Subscriber {
        private final ScopeListener listener;
        private final AtomicBoolean dropped = new AtomicBoolean();

        Subscriber(ScopeListener listener) {
            this.listener = listener;
        }

        @SuppressWarnings("CatchingUnchecked")
        void deliver(ScopeEvent event) {
            if (dropped.get()) {
                return;
            }
            try {
                listener.onEvent(event);
            } catch (Throwable e) {
                if (dropped.compareAndSet(false, true)) {
                    say(event, e);
                }
            }
        }

        // Printing what a listener threw, or the listener itself, is code of users once more.
        private void say(ScopeEvent event, Throwable thrown) {
            try {
                log.error("listener {} threw on {} and will not be called again", listener, event, thrown);
            } catch (Throwable e) {
                sayBriefly(thrown);
            }
        }

        private void sayBriefly(Throwable thrown) {
            try {
                log.error(
                        "a listener of type {} threw {} and will not be called again",
                        listener.getClass().getName(),
                        thrown.getClass().getName());
            } catch (Throwable e) {
                // the log is of no use either: the other listeners are still to hear of the event
            }
        }
    }
}
