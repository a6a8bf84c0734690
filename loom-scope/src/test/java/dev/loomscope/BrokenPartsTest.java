package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.loomscope.Subtask.State;
import dev.loomscope.event.EventStream;
import dev.loomscope.event.ScopeEvent;
import dev.loomscope.event.ScopeListener;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.spi.AbstractInterruptibleChannel;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Code around a scope that throws where nobody expects it: what a scope has promised holds all the same. */
class BrokenPartsTest {

    /** Throws in the thread that interrupts its reader. */
    private static final class BrokenChannel extends AbstractInterruptibleChannel {

        Object read(CountDownLatch begun, CountDownLatch release)
                throws InterruptedException, AsynchronousCloseException {
            begin();
            try {
                begun.countDown();
                release.await();
                return "read";
            } finally {
                end(true);
            }
        }

        @Override
        protected void implCloseChannel() {
            throw new IllegalStateException("broken");
        }
    }

    /** The log of some classes, whose disk is full. */
    private static final class BrokenLog implements AutoCloseable {

        private final List<Logger> loggers;
        private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                throw new AssertionError("the disk is full");
            }
        };

        BrokenLog(Class<?>... types) {
            loggers = Stream.of(types)
                    .map(type -> (Logger) LoggerFactory.getLogger(type))
                    .toList();
            appender.start();
            loggers.forEach(logger -> {
                logger.setLevel(Level.DEBUG);
                logger.setAdditive(false);
                logger.addAppender(appender);
            });
        }

        @Override
        public void close() {
            loggers.forEach(logger -> {
                logger.setLevel(null);
                logger.setAdditive(true);
                logger.detachAppender(appender);
            });
        }
    }

    @Test
    void aBodyWhoseInterruptThrowsDoesNotKeepTheCancelFromTheScopeAround() throws Exception {
        CountDownLatch reading = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            try {
                Subtask<Void> waiting = scope.fork("waiting", () -> release.await());
                Subtask<Object> broken = scope.fork(
                        "broken", () -> MixedScope.call(inner -> new BrokenChannel().read(reading, release)));
                reading.await();

                scope.cancel("enough");

                Patience.until("it is interrupted", () -> waiting.state() == State.CANCELLED);
                Patience.until("this too", () -> broken.state() == State.CANCELLED);
            } finally {
                release.countDown();
            }
            scope.join();
        }
    }

    @ParameterizedTest
    @ValueSource(
            classes = {
                ScopeEvent.ScopeOpened.class,
                ScopeEvent.SubtaskForked.class,
                ScopeEvent.SubtaskStarted.class,
                ScopeEvent.SubtaskFinished.class,
                ScopeEvent.SubtaskCancelled.class,
                ScopeEvent.ScopeCancelled.class,
                ScopeEvent.ScopeClosed.class
            })
    void aListenerThatThrowsWhileTheLogIsBrokenChangesNothing(Class<?> event) throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        ScopeListener broken = each -> {
            if (event.isInstance(each)) {
                throw new IllegalStateException("broken");
            }
        };
        try (BrokenLog log = new BrokenLog(EventStream.class, NurseryScope.class);
                var scope = MixedScope.open(c -> c.withListener(broken))) {
            try {
                Subtask<Void> waiting = scope.fork("waiting", () -> release.await());
                scope.fork("failing", () -> {
                    throw new IllegalArgumentException("wrong");
                });

                assertThatThrownBy(scope::join)
                        .isInstanceOf(ScopeFailedException.class)
                        .hasCauseInstanceOf(IllegalArgumentException.class);
                assertThat(waiting.state()).isEqualTo(State.CANCELLED);
            } finally {
                release.countDown();
            }
        }
    }

    /** Not even its message can be had. */
    private static final class Mute extends RuntimeException {
        @Override
        public String getMessage() {
            throw new IllegalStateException("no message");
        }
    }

    @Test
    void aFailureThatCannotBePrintedIsToldByAnInterruptedJoin() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        InterruptedException interrupt = null;
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            scope.fork(() -> {
                started.countDown();
                throw new Mute();
            });
            scope.fork(() -> Patience.forever());
            started.await();
            Thread.currentThread().interrupt();
            scope.join();
        } catch (InterruptedException e) {
            interrupt = e;
        }
        assertThat(interrupt).isNotNull();
        assertThat(interrupt.getSuppressed()).hasSize(1);
    }
}
