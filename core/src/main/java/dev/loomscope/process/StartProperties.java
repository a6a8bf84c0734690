package dev.loomscope.process;

import java.io.File;
import java.nio.charset.Charset;
import java.nio.charset.CharsetEncoder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The system properties that a JVM reads while it starts, and then never again: a worker is started with what this JVM was started
 * with, whatever its properties say now. What can follow at run time is in {@link ParentWorld}.
 */
final class StartProperties {

    // With the value of now: the default locale is made of them, and is corrected before the first task if it has been
    // changed.
    private static final List<String> OF_LOCALE =
            List.of("user.language", "user.script", "user.country", "user.variant", "user.extensions");
    private static final List<String> CATEGORIES = List.of("", ".display", ".format");

    // Only if they were given on the command line: otherwise the same environment gives the same ones.
    private static final List<String> IF_GIVEN = List.of("native.encoding", "sun.jnu.encoding");

    private static final String SEPARATOR_OF_SYSTEM = File.separatorChar == '/' ? "\n" : "\r\n";

    private StartProperties() {}

    /** Returns the options that set them. */
    static List<String> options() {
        List<String> options = new ArrayList<>();
        add("file.encoding", Charset.defaultCharset().name(), options);
        if (!System.lineSeparator().equals(SEPARATOR_OF_SYSTEM)) { // in lists of options it would be an odd sight
            add("line.separator", System.lineSeparator(), options);
        }
        add("user.dir", Path.of("").toAbsolutePath().toString(), options);
        add("user.home", System.getProperty("user.home"), options);
        add("user.name", System.getProperty("user.name"), options);
        add("user.timezone", System.getProperty("user.timezone"), options);
        add(TemporaryFolder.PROPERTY, TemporaryFolder.ofThisJvm(), options);
        for (String name : OF_LOCALE) {
            for (String category : CATEGORIES) {
                add(name + category, System.getProperty(name + category), options);
            }
        }
        for (String name : IF_GIVEN) {
            add(name, ParentOptions.propertyOf(name), options);
        }
        return options;
    }

    // One that the launcher cannot read is set before the first task.
    private static void add(String name, @Nullable String value, List<String> options) {
        if (value != null && encoder().canEncode(value) && value.indexOf('\0') < 0) {
            options.add("-D" + name + "=" + value);
        }
    }

    private static CharsetEncoder encoder() {
        return WorkerCommand.launcherCharset().newEncoder();
    }
}
