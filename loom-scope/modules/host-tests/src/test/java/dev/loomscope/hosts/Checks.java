package dev.loomscope.hosts;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.slf4j.LoggerFactory;

/** Counts what the programs in other languages check, and prints what is wrong. */
public final class Checks {
    private static final ListAppender<ILoggingEvent> WARNINGS = new ListAppender<>();
    private static int passed;

    static {
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.WARN);
        root.detachAndStopAllAppenders();
        WARNINGS.start();
        root.addAppender(WARNINGS);
    }

    private Checks() {}

    /** Checks that two values are equal. */
    public static void same(String what, Object expected, Object actual) {
        if (Objects.equals(expected, actual)) {
            passed++;
        } else {
            System.out.println("FAILED " + what + ": expected " + expected + ", was " + actual);
        }
    }

    /** Checks that code throws an exception of a class with this simple name, whose message has all these parts. */
    public static void fails(String what, String type, Callable<?> code, String... parts) {
        try {
            System.out.println("FAILED " + what + ": expected " + type + ", was the result " + code.call());
        } catch (Throwable e) {
            boolean right = e.getClass().getSimpleName().equals(type);
            for (String part : parts) {
                right &= e.getMessage().contains(part);
            }
            if (right) {
                passed++;
            } else {
                System.out.println("FAILED " + what + ": expected " + type + " " + List.of(parts) + ", was " + e);
            }
        }
    }

    /** Returns how many warnings about the kinds of tasks were logged since the last call. */
    public static int kindWarnings() {
        long found = WARNINGS.list.stream()
                .filter(event -> event.getLevel() == Level.WARN)
                .filter(event -> event.getLoggerName().endsWith("TaskClassifier"))
                .filter(event -> event.getFormattedMessage().contains("Pass the kind"))
                .count();
        WARNINGS.list.clear();
        return (int) found;
    }

    /** Ends the program. */
    public static void done() {
        System.out.println("passed " + passed + " checks");
    }
}
