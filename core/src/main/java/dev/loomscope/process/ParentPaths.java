package dev.loomscope.process;

import java.io.File;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where this JVM has its classes from, as the last options of a JVM that shall have the same: class path, module path, main class.
 *
 * <p>Four worlds: the class path of the launcher; the modules of its module path; the jar of Spring Boot, whose own launcher
 * finds the jars in it; and a {@link URLClassLoader} by which a tool has loaded us, as Maven does within its own JVM.
 */
final class ParentPaths {

    /** How the names of the classes begin that start an executable jar of Spring Boot. */
    static final String SPRING_BOOT = "org.springframework.boot.loader.";

    private static final List<String> SPRING_BOOT_LAUNCHERS =
            List.of(SPRING_BOOT + "launch.PropertiesLauncher", SPRING_BOOT + "PropertiesLauncher");
    private static final List<String> SPRING_BOOT_PROPERTIES =
            List.of("loader.path", "loader.home", "loader.config.name", "loader.config.location", "loader.classLoader");

    private ParentPaths() {}

    /** Returns the options that make a JVM run this class, which is one of ours. */
    static List<String> toMain(Class<?> main) {
        ClassLoader loader = main.getClassLoader();
        if (loader != null && loader.getClass().getName().startsWith(SPRING_BOOT)) {
            @Nullable String launcher = springBootLauncher();
            if (launcher != null) {
                return toMainInSpringBoot(main, launcher);
            }
        }
        List<String> options = new ArrayList<>();
        String classPath = classPath(loader);
        if (!classPath.isEmpty()) {
            options.addAll(List.of("-cp", classPath));
        }
        addModules(options);
        if (main.getModule().isNamed()) {
            options.addAll(List.of("-m", main.getModule().getName() + "/" + main.getName()));
        } else {
            options.add(main.getName());
        }
        return options;
    }

    // Its other launchers start nothing but the application.
    private static @Nullable String springBootLauncher() {
        return SPRING_BOOT_LAUNCHERS.stream()
                .filter(name -> ClassLoader.getSystemResource(name.replace('.', '/') + ".class") != null)
                .findFirst()
                .orElse(null);
    }

    private static List<String> toMainInSpringBoot(Class<?> main, String launcher) {
        List<String> options = new ArrayList<>();
        for (String name : SPRING_BOOT_PROPERTIES) {
            String value = System.getProperty(
                    name, System.getenv(name.replace('.', '_').toUpperCase(Locale.ROOT)));
            if (value != null) {
                options.add("-D%s=%s".formatted(name, value));
            }
        }
        options.add("-Dloader.main=" + main.getName());
        options.addAll(List.of("-cp", absolute(System.getProperty("java.class.path", "")), launcher));
        return options;
    }

    private static String classPath(@Nullable ClassLoader loader) {
        return String.join(File.pathSeparator, classPathEntries(loader));
    }

    /** Returns the entries of the class path of a JVM that has the classes of this loader, as absolute paths. */
    static List<String> classPathEntries(@Nullable ClassLoader loader) {
        List<String> entries = new ArrayList<>();
        for (ClassLoader next = loader; next != null; next = next.getParent()) {
            if (next instanceof URLClassLoader tools) {
                Arrays.stream(tools.getURLs()).flatMap(ParentPaths::toPath).forEach(entries::add);
            }
        }
        String classPath = System.getProperty("java.class.path", "");
        if (!classPath.isEmpty()) {
            entries.addAll(absoluteEntries(classPath));
        }
        return entries;
    }

    private static Stream<String> toPath(URL url) {
        try {
            return url.getProtocol().equals("file")
                    ? Stream.of(Path.of(url.toURI()).toString())
                    : Stream.of();
        } catch (URISyntaxException | IllegalArgumentException e) {
            return Stream.of(); // no file of this machine
        }
    }

    // An empty entry is the current folder, also at the end.
    private static List<String> absoluteEntries(String path) {
        return Arrays.stream(path.split(File.pathSeparator, -1))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .toList();
    }

    private static String absolute(String path) {
        return String.join(File.pathSeparator, absoluteEntries(path));
    }

    // The modules of this JVM and no others on its module path: two that cannot be together may lie there.
    private static void addModules(List<String> options) {
        String modulePath = System.getProperty("jdk.module.path");
        if (modulePath != null) {
            options.addAll(List.of("--module-path", absolute(modulePath)));
            options.add("--add-modules");
            options.add(ModuleLayer.boot().modules().stream()
                    .map(Module::getName)
                    .sorted()
                    .collect(Collectors.joining(",")));
        }
    }
}
