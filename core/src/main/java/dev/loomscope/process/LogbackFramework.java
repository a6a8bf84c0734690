package dev.loomscope.process;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/** Logback. */
final class LogbackFramework implements LoggingFramework {

    private static final String CORE = "ch.qos.logback.core.";
    private static final String PROPERTY = "logback.configurationFile";
    private static final String FOR_TESTS = "logback-test.xml";
    private static final int MAX_DEPTH = 5; // of appenders in appenders

    private final Object context;

    LogbackFramework(Object context) {
        this.context = context;
    }

    @Override
    public String[] configurationProperties() {
        return new String[] {PROPERTY};
    }

    @Override
    public String consoleConfiguration() {
        return "worker-logback.xml";
    }

    @Override
    public String placeholder() {
        return "${loom.scope.worker:-main}";
    }

    @Override
    public Set<String> files() throws ReflectiveOperationException {
        Set<String> files = new TreeSet<>();
        for (Object logger : loggers()) {
            addFilesOfAll(logger, "iteratorForAppenders", files, MAX_DEPTH);
        }
        return files;
    }

    private List<?> loggers() throws ReflectiveOperationException {
        return (List<?>) Objects.requireNonNull(LoggingFramework.call(context, "getLoggerList"));
    }

    private static void addFilesOfAll(Object attachable, String method, Set<String> files, int depth)
            throws ReflectiveOperationException {
        Iterator<?> each = (Iterator<?>) Objects.requireNonNull(LoggingFramework.call(attachable, method));
        while (each.hasNext()) {
            addFilesOf(each.next(), files, depth);
        }
    }

    private static void addFilesOf(Object appender, Set<String> files, int depth) throws ReflectiveOperationException {
        if (LoggingFramework.isA(appender, CORE + "FileAppender")) {
            boolean shared = Boolean.TRUE.equals(LoggingFramework.call(appender, "isPrudent"));
            if (!shared) {
                files.add(String.valueOf(LoggingFramework.call(appender, "getFile")));
            }
        } else if (LoggingFramework.isA(appender, CORE + "sift.SiftingAppenderBase")) {
            files.add("those of a sifting appender"); // it makes them when it needs them
        } else if (depth > 0 && hasMethod(appender, "iteratorForAppenders")) {
            addFilesOfAll(appender, "iteratorForAppenders", files, depth - 1);
        }
    }

    private static boolean hasMethod(Object object, String name) {
        try {
            object.getClass().getMethod(name);
            return true;
        } catch (NoSuchMethodException e) {
            return false;
        }
    }

    // It does not tell which one it has taken. This is where it looks.
    @Override
    public String location() {
        String told = System.getProperty(PROPERTY);
        if (told != null) {
            return told;
        }
        ClassLoader loader = context.getClass().getClassLoader();
        return loader.getResource(FOR_TESTS) != null ? FOR_TESTS : "logback.xml";
    }

    @Override
    public Map<String, String> levels() throws ReflectiveOperationException {
        Map<String, String> levels = new LinkedHashMap<>();
        for (Object logger : loggers()) {
            Object level = LoggingFramework.call(logger, "getLevel");
            String name = String.valueOf(LoggingFramework.call(logger, "getName"));
            if (level != null) {
                levels.put(name.equals("ROOT") ? "" : name, level.toString());
            }
        }
        return levels;
    }

    @Override
    public String line(String logger, String level) {
        return "<logger name=\"%s\" level=\"%s\"/>".formatted(logger, level);
    }
}
