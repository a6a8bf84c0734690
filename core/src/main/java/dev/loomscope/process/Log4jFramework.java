package dev.loomscope.process;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Log4j 2. */
final class Log4jFramework implements LoggingFramework {

    private static final String APPENDERS = "org.apache.logging.log4j.core.appender.";
    private static final Set<String> OF_FILES = Set.of(
            APPENDERS + "FileAppender",
            APPENDERS + "RollingFileAppender",
            APPENDERS + "RandomAccessFileAppender",
            APPENDERS + "RollingRandomAccessFileAppender",
            APPENDERS + "MemoryMappedFileAppender");

    private final Object factory;

    Log4jFramework(Object factory) {
        this.factory = factory;
    }

    @Override
    public String[] configurationProperties() {
        return new String[] {"log4j2.configurationFile", "log4j.configurationFile"};
    }

    @Override
    public String consoleConfiguration() {
        return "worker-log4j2.xml";
    }

    @Override
    public String placeholder() {
        return "${sys:loom.scope.worker:-main}";
    }

    @Override
    public Set<String> files() throws ReflectiveOperationException {
        Set<String> files = new TreeSet<>();
        for (Object appender : map("getAppenders").values()) {
            if (OF_FILES.contains(appender.getClass().getName())) {
                files.add(String.valueOf(LoggingFramework.call(appender, "getFileName")));
            } else if (appender.getClass().getName().equals(APPENDERS + "routing.RoutingAppender")) {
                files.add("those of a routing appender"); // it makes them when it needs them
            }
        }
        return files;
    }

    private Map<?, ?> map(String method) throws ReflectiveOperationException {
        return (Map<?, ?>) Objects.requireNonNull(LoggingFramework.call(configuration(), method));
    }

    private Object configuration() throws ReflectiveOperationException {
        ClassLoader loader = factory.getClass().getClassLoader();
        Class<?> contexts = Class.forName("org.apache.logging.log4j.LogManager", true, loader);
        Object context = contexts.getMethod("getContext", boolean.class).invoke(null, false);
        return Objects.requireNonNull(LoggingFramework.call(context, "getConfiguration"));
    }

    @Override
    public @Nullable String location() throws ReflectiveOperationException {
        Object source = LoggingFramework.call(configuration(), "getConfigurationSource");
        Object location = source == null ? null : LoggingFramework.call(source, "getLocation");
        return location == null ? null : location.toString();
    }

    @Override
    public Map<String, String> levels() throws ReflectiveOperationException {
        Map<String, String> levels = new LinkedHashMap<>();
        for (Map.Entry<?, ?> entry : map("getLoggers").entrySet()) {
            levels.put(
                    String.valueOf(entry.getKey()),
                    String.valueOf(LoggingFramework.call(entry.getValue(), "getLevel")));
        }
        return levels;
    }

    @Override
    public String line(String logger, String level) {
        return "<Logger name=\"%s\" level=\"%s\"/>".formatted(logger, level);
    }
}
