package dev.loomscope.process;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds the jars and folders from which workers load their code, in the order in which they look there. */
final class CodePaths {

    private final Set<Path> found = new LinkedHashSet<>();
    private final Set<Path> ofTools = new HashSet<>();

    private CodePaths() {}

    /** Returns the class path and module path that workers of this JVM get, with the jars that manifests of these name. */
    static CodePaths ofThisJvm() {
        CodePaths paths = new CodePaths();
        for (ClassLoader next = WorkerMain.class.getClassLoader(); next != null; next = next.getParent()) {
            if (next instanceof URLClassLoader tool) {
                pathsOf(tool).forEach(paths::add);
            }
        }
        paths.ofTools.addAll(paths.found);
        for (String entry : ParentPaths.classPathEntries(null)) {
            paths.add(Path.of(entry));
        }
        if (System.getProperty("jdk.module.path") != null) {
            ModuleLayer.boot()
                    .configuration()
                    .modules()
                    .forEach(module -> module.reference().location().ifPresent(paths::addModule));
        }
        return paths;
    }

    /** All of them. */
    Collection<Path> all() {
        return Collections.unmodifiableSet(found);
    }

    /** Whether the launcher of this JVM was given this place, and not a class loader that was made later. */
    boolean isOfLauncher(Path place) {
        return found.contains(place) && !ofTools.contains(place);
    }

    /** Returns the files of this machine from which a class loader loads classes. */
    static List<Path> pathsOf(URLClassLoader loader) {
        return Arrays.stream(loader.getURLs())
                .map(url -> holder(url, ""))
                .filter(Objects::nonNull)
                .toList();
    }

    private void addModule(URI location) {
        if ("file".equals(location.getScheme())) {
            add(Path.of(location));
        }
    }

    private void add(Path entry) {
        Path path = entry.toAbsolutePath().normalize();
        if (!found.add(path) || !Files.isRegularFile(path)) {
            return;
        }
        String more = JarDirectory.classPath(path).strip();
        if (!more.isEmpty()) {
            for (String relative : more.split("\\s+", -1)) {
                Path named = resolve(path, relative);
                if (named != null) {
                    add(named);
                }
            }
        }
    }

    private static @Nullable Path resolve(Path jar, String relative) {
        try {
            URI uri = jar.toUri().resolve(relative);
            return "file".equals(uri.getScheme()) ? Path.of(uri) : null;
        } catch (IllegalArgumentException e) {
            return null; // no file of this machine
        }
    }

    /**
     * Returns the jar or folder in which a class file is.
     *
     * @param url where a class loader has found it
     * @param name of its file, relative to a class path
     * @return null if it is neither in a folder nor directly in a jar
     */
    static @Nullable Path holder(URL url, String name) {
        String text = url.toString();
        if (!text.endsWith(name)) {
            return null;
        }
        String holder = text.substring(0, text.length() - name.length());
        if (holder.toLowerCase(Locale.ROOT).startsWith("jar:file:") && holder.endsWith("!/")) {
            holder = holder.substring("jar:".length(), holder.length() - "!/".length());
        }
        return toPath(holder);
    }

    /** Returns the file of a URL; null if it is no file. */
    static @Nullable Path toPath(String url) {
        if (!url.startsWith("file:")) {
            return null;
        }
        try {
            return Path.of(new URI(url)).toAbsolutePath().normalize();
        } catch (URISyntaxException | IllegalArgumentException e) {
            return null;
        }
    }
}
