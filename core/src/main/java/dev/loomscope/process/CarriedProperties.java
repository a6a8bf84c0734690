package dev.loomscope.process;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The system properties that tasks have in a worker as they are in the parent: those of {@link #ALWAYS}, and those that the user
 * names. A pattern is a name, or the beginning of one and a star.
 */
final class CarriedProperties {

    /** The JDK's own settings of this kind; each reads as it does in the parent. */
    static final List<String> ALWAYS = List.of(
            "java.io.tmpdir",
            "user.dir",
            "user.home",
            "user.name",
            "line.separator",
            "file.encoding",
            "user.timezone",
            "user.language",
            "user.script",
            "user.country",
            "user.variant",
            "user.region");

    // They say what a JVM is and how it was started: a worker has its own.
    private static final String[] NEVER = {
        "file.separator",
        "java.class.path",
        "java.class.version",
        "java.home",
        "java.library.path",
        "java.runtime.name",
        "java.runtime.version",
        "java.specification.",
        "java.vendor",
        "java.version",
        "java.vm.",
        "jdk.debug",
        "jdk.module.",
        "loom.scope.",
        "native.encoding",
        "os.arch",
        "os.name",
        "os.version",
        "path.separator",
        "stderr.encoding",
        "stdin.encoding",
        "stdout.encoding",
        "sun.arch.",
        "sun.boot.",
        "sun.cpu.",
        "sun.io.unicode.encoding",
        "sun.java.",
        "sun.jnu.encoding",
        "sun.management.compiler",
        "sun.stderr.encoding",
        "sun.stdout.encoding",
        "user.extensions"
    };

    private CarriedProperties() {}

    /**
     * Guards against patterns that mean nothing or that would break a worker.
     *
     * @throws IllegalArgumentException if it is one
     */
    static void ensureSensible(String pool, String pattern) {
        int star = pattern.indexOf('*');
        if (pattern.isBlank()
                || !pattern.equals(pattern.strip())
                || pattern.contains("=")
                || pattern.startsWith("-D")) {
            throw refused(pool, pattern, "it is not the name of a property");
        }
        if (star >= 0 && star < pattern.length() - 1) {
            throw refused(pool, pattern, "a star can only be its last character");
        }
        if (star < 0 && isNever(pattern)) {
            throw refused(pool, pattern, "a worker has its own value, which describes its JVM");
        }
    }

    private static IllegalArgumentException refused(String pool, String pattern, String why) {
        return new IllegalArgumentException(
                ("pool '%s' cannot give its workers the system property '%s': %s. Name a property, as \"com.acme.mode\", or the"
                                + " beginning of names and a star, as \"com.acme.*\". A value only for workers is"
                                + " withJvmOptions(\"-Dkey=value\").")
                        .formatted(pool, pattern, why));
    }

    /** Whether a worker always has its own value of this property. */
    static boolean isNever(String name) {
        for (String never : NEVER) {
            boolean prefix = never.endsWith(".");
            if (prefix ? name.startsWith(never) : name.equals(never) || isVariant(name, never)) {
                return true;
            }
        }
        return false;
    }

    // As java.vendor.url and java.version.date.
    private static boolean isVariant(String name, String never) {
        return (never.equals("java.vendor") || never.equals("java.version")) && name.startsWith(never + ".");
    }

    /** Returns the exact names among these patterns. */
    static List<String> exact(List<String> patterns) {
        List<String> names = new ArrayList<>();
        for (String pattern : patterns) {
            if (!pattern.endsWith("*")) {
                names.add(pattern);
            }
        }
        return names;
    }

    /** Returns the beginnings of names among these patterns, without their stars. */
    static List<String> prefixes(List<String> patterns) {
        List<String> prefixes = new ArrayList<>();
        for (String pattern : patterns) {
            if (pattern.endsWith("*")) {
                prefixes.add(pattern.substring(0, pattern.length() - 1));
            }
        }
        return prefixes;
    }

    /**
     * Returns what this JVM has under names with these beginnings. A value that is not a String is not there, as for {@link
     * System#getProperty}.
     *
     * @param others names that are handled elsewhere
     */
    static Map<String, String> find(List<String> prefixes, List<String> others) {
        Map<String, String> found = new TreeMap<>();
        for (String name : System.getProperties().stringPropertyNames()) {
            if (startsWithAny(name, prefixes) && !isNever(name) && !others.contains(name)) {
                String value = System.getProperty(name);
                if (value != null) {
                    found.put(name, value);
                }
            }
        }
        return found;
    }

    private static boolean startsWithAny(String name, List<String> prefixes) {
        for (String prefix : prefixes) {
            if (name.startsWith(prefix)) {
                return true;
            }
        }
        return false;
    }

    // System.setProperty and clearProperty throw if what was there is not a String.
    /** Sets a property of this JVM; null removes it. */
    static void set(String name, @Nullable String value) {
        if (value == null) {
            System.getProperties().remove(name);
        } else {
            System.getProperties().setProperty(name, value);
        }
    }
}
