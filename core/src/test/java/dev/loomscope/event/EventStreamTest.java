package dev.loomscope.event;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class EventStreamTest {

    private final Logger logger = (Logger) LoggerFactory.getLogger(EventStream.class);
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final List<ScopeEvent> heard = new ArrayList<>();

    @BeforeEach
    void followLog() {
        logger.setAdditive(false);
        logger.addAppender(log);
        log.start();
    }

    @AfterEach
    void unfollowLog() {
        logger.detachAppender(log);
        logger.setAdditive(true);
    }

    private static ScopeEvent event(String scope) {
        return new ScopeEvent.ScopeOpened(Instant.EPOCH, scope);
    }

    @Test
    void everyListenerHearsEveryEventInOrder() {
        List<String> calls = new ArrayList<>();
        EventStream stream = new EventStream(List.of(
                e -> calls.add("a " + ((ScopeEvent.ScopeOpened) e).scope()),
                e -> calls.add("b " + ((ScopeEvent.ScopeOpened) e).scope())));

        stream.publish(() -> event("1"));
        stream.publish(() -> event("2"));

        assertThat(calls).containsExactly("a 1", "b 1", "a 2", "b 2");
    }

    @Test
    void allListenersHearTheSameEvent() {
        EventStream stream = new EventStream(List.of(heard::add, heard::add));

        stream.publish(() -> event("1"));

        assertThat(heard.get(0)).isSameAs(heard.get(1));
    }

    @Test
    void withoutListenersNoEventIsMade() {
        new EventStream(List.of()).publish(() -> {
            throw new AssertionError("it was made");
        });
    }

    @Test
    void aListenerThatThrowsIsLoggedOnceAndDroppedAndTheOthersGoOn() {
        List<ScopeEvent> heardByBad = new ArrayList<>();
        EventStream stream = new EventStream(List.of(
                e -> {
                    heardByBad.add(e);
                    throw new StackOverflowError("bad listener");
                },
                heard::add));

        stream.publish(() -> event("1"));
        stream.publish(() -> event("2"));

        assertThat(heardByBad).hasSize(1);
        assertThat(heard).containsExactly(event("1"), event("2"));
        assertThat(log.list).singleElement().satisfies(logged -> {
            assertThat(logged.getFormattedMessage()).contains("will not be called again");
            assertThat(logged.getThrowableProxy().getMessage()).isEqualTo("bad listener");
        });
    }

    @Test
    void aListenerMayPublishItself() {
        List<EventStream> streams = new ArrayList<>();
        EventStream stream = new EventStream(List.of(e -> {
            heard.add(e);
            if (heard.size() < 3) {
                streams.get(0).publish(() -> event("again"));
            }
        }));
        streams.add(stream);

        stream.publish(() -> event("first"));

        assertThat(heard).containsExactly(event("first"), event("again"), event("again"));
    }
}
