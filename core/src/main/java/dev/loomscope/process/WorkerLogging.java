package dev.loomscope.process;

import java.io.IOException;
import java.io.InputStream;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How workers log, so that no two processes write to one file: each would overwrite what the other has written, or roll it away.
 *
 * <p>Workers have the class path of this JVM, and so its logging configuration. Where that writes to files of the same name, workers
 * get one that writes to the console with the levels of this JVM. Their lines then come to our log. It is left as it is if it
 * names its files after the worker, or if the user chooses another one for workers.
 */
final class WorkerLogging {

    private static final Logger log = LoggerFactory.getLogger(ProcessPool.class);
    private static final Pattern INCLUDED =
            Pattern.compile("\\b(?:resource|file|url|href)\\s*=\\s*[\"']([^\"']+)[\"']");
    private static final int MAX_DEPTH = 3; // of files in files
    private static final int MAX_BYTES = 1 << 20; // of one
    private static final AtomicBoolean told = new AtomicBoolean();

    private final ProcessPoolConfig config;
    private final LoggingFramework framework;

    private WorkerLogging(ProcessPoolConfig config, LoggingFramework framework) {
        this.config = config;
        this.framework = framework;
    }

    /** Returns the options that say how a worker logs, with what they need in {@code folder} if that can hold something. */
    static List<String> options(ProcessPoolConfig config, WorkerFolder folder) {
        try {
            LoggingFramework framework = LoggingFramework.ofThisJvm();
            return framework == null ? List.of() : new WorkerLogging(config, framework).choose(folder);
        } catch (ReflectiveOperationException | IOException | RuntimeException | LinkageError e) {
            log.debug("workers of pool '{}' log as their class path says", config.name(), e);
            return List.of();
        }
    }

    private List<String> choose(WorkerFolder folder) throws ReflectiveOperationException, IOException {
        if (isChosenByUser()) {
            return List.of();
        }
        Set<String> files = framework.files();
        String location = framework.location();
        if (files.isEmpty() || (location != null && mentionsWorker(location, MAX_DEPTH))) {
            return asHere();
        }
        if (told.compareAndSet(false, true)) {
            log.info(
                    "workers do not write to the log files of this JVM ({}): they log to their console, and their lines come here, to"
                            + " the logger {}. For files of their own, put {} into the names of the files",
                    String.join(", ", files),
                    WorkerOutput.LOGGER,
                    framework.placeholder());
        }
        return List.of(option(framework.configurationProperties()[0], console(folder)));
    }

    private boolean isChosenByUser() {
        List<String> set = WorldAspects.propertiesSetBy(config.jvmOptions());
        for (String property : framework.configurationProperties()) {
            if (set.contains(property) || (System.getProperty(property) != null && isCarried(property))) {
                return true;
            }
        }
        return false;
    }

    private boolean isCarried(String property) {
        List<String> patterns = config.systemProperties();
        return patterns.contains(property)
                || CarriedProperties.prefixes(patterns).stream().anyMatch(property::startsWith);
    }

    // What this JVM was told of its configuration, workers are told too.
    private List<String> asHere() {
        for (String property : framework.configurationProperties()) {
            String value = System.getProperty(property);
            if (value != null && WorkerCommand.launcherCharset().newEncoder().canEncode(value)) {
                return List.of(option(property, value));
            }
        }
        return List.of();
    }

    private static String option(String property, String value) {
        return "-D" + property + "=" + value;
    }

    private static boolean mentionsWorker(String location, int depth) throws IOException {
        String text = read(location);
        if (text.contains(WorkerLabel.PROPERTY)) {
            return true;
        }
        Matcher included = INCLUDED.matcher(text);
        while (depth > 0 && included.find()) {
            if (mentionsWorker(included.group(1), depth - 1)) {
                return true;
            }
        }
        return false;
    }

    // A file, an address, or a resource of the class path; none of them for what is to be computed first.
    private static String read(String location) throws IOException {
        URL address = addressOf(location);
        if (address == null) {
            return "";
        }
        try (InputStream in = address.openStream()) {
            return new String(in.readNBytes(MAX_BYTES), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }

    private static @Nullable URL addressOf(String location) throws MalformedURLException {
        try {
            if (Files.isRegularFile(Path.of(location))) {
                return Path.of(location).toUri().toURL();
            }
        } catch (InvalidPathException e) {
            // then it is something else
        }
        try {
            URI address = URI.create(location);
            if (address.isAbsolute() && ("file".equals(address.getScheme()) || "jar".equals(address.getScheme()))) {
                return address.toURL();
            }
        } catch (IllegalArgumentException e) {
            // then it is something else
        }
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        String name = location.startsWith("classpath:") ? location.substring("classpath:".length()) : location;
        URL resource = loader == null ? null : loader.getResource(name);
        return resource != null ? resource : WorkerLogging.class.getResource("/" + name);
    }

    // With the levels of this JVM; those of the resource itself if there is no folder for it.
    private String console(WorkerFolder folder) throws ReflectiveOperationException, IOException {
        String resource = framework.consoleConfiguration();
        if (!folder.exists()) {
            return "dev/loomscope/process/" + resource;
        }
        try (InputStream in = WorkerLogging.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IOException("there is no resource " + resource);
            }
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            Files.writeString(folder.logging(), withLevels(text));
        }
        return folder.logging().toString();
    }

    private String withLevels(String text) throws ReflectiveOperationException {
        StringBuilder lines = new StringBuilder();
        String result = text;
        for (Map.Entry<String, String> level : framework.levels().entrySet()) {
            if (level.getKey().isEmpty()) {
                result = result.replace("oot level=\"INFO\"", "oot level=\"" + level.getValue() + "\"");
            } else {
                lines.append(framework.line(escape(level.getKey()), level.getValue()))
                        .append('\n');
            }
        }
        return result.replace("<!-- levels -->", lines);
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
    }
}
