package dev.loomscope.process;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Those options of this JVM without which the code of a task could not do in a worker what it can do here: how modules are opened
 * and found, preview features, access to native code, assertions. Named one by one: all others, as debuggers, agents, JMX ports, recordings
 * and heap sizes, are for one JVM.
 */
final class ParentOptions {

    private static final Logger log = LoggerFactory.getLogger(ParentOptions.class);

    private static final Set<String> INHERITED = Set.of(
            "--add-exports",
            "--add-modules",
            "--add-opens",
            "--add-reads",
            "--enable-final-field-mutation",
            "--enable-native-access",
            "--enable-preview",
            "--finalization",
            "--illegal-final-field-mutation",
            "--illegal-native-access",
            "--limit-modules",
            "--patch-module",
            "--sun-misc-unsafe-memory-access",
            "--upgrade-module-path");
    private static final Set<String> ASSERTIONS = Set.of(
            "-ea",
            "-enableassertions",
            "-da",
            "-disableassertions",
            "-esa",
            "-enablesystemassertions",
            "-dsa",
            "-disablesystemassertions");
    private static final String BOOT_CLASS_PATH = "-Xbootclasspath/a:";

    private ParentOptions() {}

    /** Returns them, in the form in which a JVM takes them. */
    static List<String> inherited() {
        List<String> options = new ArrayList<>();
        for (String option : ownOptions()) {
            int end = option.indexOf('=');
            String name = end < 0 ? option : option.substring(0, end);
            if (INHERITED.contains(name) || option.startsWith(BOOT_CLASS_PATH) || isAssertionOption(option)) {
                options.add(option);
            }
        }
        options.addAll(ofMainJar());
        return options;
    }

    // Their order counts, and is kept.
    private static boolean isAssertionOption(String option) {
        int end = option.indexOf(':');
        return ASSERTIONS.contains(end < 0 ? option : option.substring(0, end));
    }

    /** Returns the value that an option of this JVM sets a system property to; null if none does. */
    static @Nullable String propertyOf(String name) {
        String beginning = "-D" + name + "=";
        String value = null;
        for (String option : ownOptions()) {
            if (option.startsWith(beginning)) {
                value = option.substring(beginning.length());
            }
        }
        return value;
    }

    private static List<String> ownOptions() {
        try {
            return ManagementFactory.getRuntimeMXBean().getInputArguments();
        } catch (NoClassDefFoundError e) {
            log.warn(
                    "this JVM has no module java.management to learn its options from: its workers get none of them, as"
                            + " --add-opens; give them by withJvmOptions");
            return List.of();
        }
    }

    // What "java -jar" reads from the manifest of its jar, a worker has to be told.
    private static List<String> ofMainJar() {
        String classPath = System.getProperty("java.class.path", "");
        String command = System.getProperty("sun.java.command", "") + " ";
        if (classPath.isEmpty() || classPath.contains(File.pathSeparator) || !command.startsWith(classPath + " ")) {
            return List.of();
        }
        try (JarFile jar = new JarFile(classPath)) {
            Manifest manifest = jar.getManifest();
            return manifest == null ? List.of() : ofManifest(manifest.getMainAttributes());
        } catch (IOException e) {
            log.debug("the manifest of {} cannot be read", classPath, e); // gone meanwhile: the worker will say so
            return List.of();
        }
    }

    private static List<String> ofManifest(Attributes manifest) {
        List<String> options = new ArrayList<>();
        for (String what : List.of("Exports", "Opens")) {
            String packages = manifest.getValue("Add-" + what);
            if (packages != null) {
                for (String target : packages.strip().split("\\s+", -1)) {
                    options.add("--add-%s=%s=ALL-UNNAMED".formatted(what.toLowerCase(Locale.ROOT), target));
                }
            }
        }
        String nativeAccess = manifest.getValue("Enable-Native-Access");
        if (nativeAccess != null) {
            options.add("--enable-native-access=" + nativeAccess.trim());
        }
        return options;
    }
}
