package dev.loomscope.process;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.ILoggerFactory;
import org.slf4j.LoggerFactory;

/** What a logging framework of this JVM does at the moment. We depend on none: implementations look at it by reflection. */
interface LoggingFramework {

    /** The system properties that name its configuration, the one that wins first. */
    String[] configurationProperties();

    /** Our configuration that logs to the console: a resource beside this class. */
    String consoleConfiguration();

    /** The files that it writes to and that no other process may write to. */
    Set<String> files() throws ReflectiveOperationException;

    /** Where its configuration comes from; null if that is not known. */
    @Nullable
    String location() throws ReflectiveOperationException;

    /** The levels that are set, by the name of their logger; that of the root has an empty name. */
    Map<String, String> levels() throws ReflectiveOperationException;

    /** Returns a line that sets a level other than that of the root, for {@link #consoleConfiguration}. */
    String line(String logger, String level);

    /** How its configuration names the worker that it is in, and something else in the parent. */
    String placeholder();

    /** Returns the one behind SLF4J; null if it is none that we know. */
    static @Nullable LoggingFramework ofThisJvm() {
        ILoggerFactory factory = LoggerFactory.getILoggerFactory();
        return switch (factory.getClass().getName()) {
            case "ch.qos.logback.classic.LoggerContext" -> new LogbackFramework(factory);
            case "org.apache.logging.slf4j.Log4jLoggerFactory" -> new Log4jFramework(factory);
            default -> null;
        };
    }

    /** Calls a public method without arguments. */
    static @Nullable Object call(Object target, String method) throws ReflectiveOperationException {
        return target.getClass().getMethod(method).invoke(target);
    }

    /** Whether an object's class, or one above it, has this name. */
    static boolean isA(Object object, String type) {
        for (Class<?> next = object.getClass(); next != null; next = next.getSuperclass()) {
            if (next.getName().equals(type)) {
                return true;
            }
        }
        return false;
    }
}
