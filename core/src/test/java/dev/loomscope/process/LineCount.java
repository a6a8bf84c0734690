package dev.loomscope.process;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.LoggerFactory;

/** Counts what workers print, and keeps nothing of it: there may be much. */
final class LineCount extends AppenderBase<ILoggingEvent> implements AutoCloseable {

    private final AtomicInteger out = new AtomicInteger();
    private final AtomicInteger err = new AtomicInteger();
    private final Logger logger = (Logger) LoggerFactory.getLogger(WorkerOutput.LOGGER);

    private LineCount() {
        setContext(logger.getLoggerContext());
        logger.setAdditive(false);
        logger.addAppender(this);
        super.start();
    }

    static LineCount begin() {
        return new LineCount();
    }

    @Override
    protected void append(ILoggingEvent event) {
        (event.getLevel() == Level.INFO ? out : err).incrementAndGet();
    }

    void await(int linesOnOut, int linesOnErr) throws Exception {
        Eventually.becomesTrue(
                "%d and %d lines, and not %s and %s".formatted(linesOnOut, linesOnErr, out, err),
                () -> out.get() >= linesOnOut && err.get() >= linesOnErr);
    }

    @Override
    public void close() {
        logger.detachAppender(this);
        logger.setAdditive(true);
        stop();
    }
}
