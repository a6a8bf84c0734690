package dev.loomscope;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/** What a class logs while this is open, instead of on the console. */
final class LogTail implements AutoCloseable {

    private final Logger logger;
    private final List<ILoggingEvent> events = new CopyOnWriteArrayList<>();
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            events.add(event);
        }
    };

    LogTail(Class<?> type) {
        this.logger = (Logger) LoggerFactory.getLogger(type);
        logger.setAdditive(false);
        logger.addAppender(appender);
        appender.start();
    }

    /** The warnings so far that contain this text. */
    List<ILoggingEvent> warnings(String part) {
        return events.stream()
                .filter(event -> event.getLevel() == Level.WARN)
                .filter(event -> event.getFormattedMessage().contains(part))
                .toList();
    }

    /** The first warning that contains this text; waits for it. */
    ILoggingEvent awaitWarning(String part) {
        Patience.until("a warning with " + part, () -> !warnings(part).isEmpty());
        return warnings(part).get(0);
    }

    @Override
    public void close() {
        logger.detachAppender(appender);
        logger.setAdditive(true);
    }
}
