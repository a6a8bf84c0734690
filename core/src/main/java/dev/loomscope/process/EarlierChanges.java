package dev.loomscope.process;

import java.io.File;
import java.lang.management.ManagementFactory;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.CodeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds files of the class path that were replaced after this JVM had loaded them, and before anybody looked: a program may run for days
 * before its first CPU task.
 *
 * <p>A file is suspicious if it, or a symbolic link on its path, is younger than this JVM. It counts as replaced if this JVM is known to
 * have opened it: class loaders open jars in class path order, so all are open up to the last one from which a class is known. A
 * suspicious jar behind that was perhaps not opened yet, in which case this JVM will load the same file as its workers.
 */
final class EarlierChanges {

    private static final Duration INACCURACY = Duration.ofSeconds(2); // of the start time of a process

    private EarlierChanges() {}

    /** Returns the replaced files of each of these places, which are in class path order. */
    static Map<Path, List<CodeChange>> find(CodePaths paths, Map<Path, Map<Path, FileStamp>> places) {
        Map<Path, List<CodeChange>> found = new LinkedHashMap<>();
        Instant roughly = ProcessHandle.current().info().startInstant().orElse(Instant.EPOCH);
        Instant start = roughly.equals(Instant.EPOCH) ? exactStart(roughly) : roughly.minus(INACCURACY);
        places.forEach((place, files) -> {
            if (paths.isOfLauncher(place)) { // tools compile, and then load what is younger than their JVM
                add(place, files, start, found);
            }
        });
        if (found.isEmpty()) {
            return found; // almost always
        }
        Instant exact = exactStart(roughly);
        Map<Path, List<CodeChange>> younger = new LinkedHashMap<>();
        found.keySet().forEach(place -> add(place, places.getOrDefault(place, Map.of()), exact, younger));
        if (!younger.isEmpty()) {
            younger.keySet().retainAll(opened(List.copyOf(places.keySet()), younger));
            younger.entrySet().removeIf(place -> !isInUse(place.getKey(), place.getValue()));
        }
        return younger;
    }

    private static void add(Path place, Map<Path, FileStamp> files, Instant start, Map<Path, List<CodeChange>> found) {
        List<CodeChange> changes = new ArrayList<>();
        boolean relinked = isLinkYounger(place, start);
        files.forEach((file, stamp) -> {
            if (stamp.exists() && (relinked || isAfter(stamp, start))) {
                changes.add(new CodeChange(file, null, stamp));
            }
        });
        if (!changes.isEmpty()) {
            found.put(place, changes);
        }
    }

    // A program may have set another class path for its workers, with folders from which this JVM loads nothing.
    private static boolean isInUse(Path place, List<CodeChange> changes) {
        if (!Files.isDirectory(place)) {
            return true;
        }
        String name = place.relativize(changes.getFirst().file()).toString().replace(File.separatorChar, '/');
        try {
            return ClassLoader.getSystemClassLoader()
                    .resources(name)
                    .anyMatch(url -> place.equals(CodePaths.holder(url, name)));
        } catch (RuntimeException e) {
            return true;
        }
    }

    // The time of its content may be in the future, as that of a file from an archive of another time zone.
    private static boolean isAfter(FileStamp stamp, Instant start) {
        return stamp.changed().toInstant().isAfter(start);
    }

    private static boolean isLinkYounger(Path place, Instant start) {
        for (Path part = place; part != null && part.getNameCount() > 0; part = part.getParent()) {
            if (Files.isSymbolicLink(part) && isAfter(FileStamp.of(part, LinkOption.NOFOLLOW_LINKS), start)) {
                return true;
            }
        }
        return false;
    }

    private static Instant exactStart(Instant otherwise) {
        try {
            return Instant.ofEpochMilli(ManagementFactory.getRuntimeMXBean().getStartTime());
        } catch (NoClassDefFoundError e) {
            return otherwise.plus(INACCURACY); // no module java.management here
        }
    }

    private static Set<Path> opened(List<Path> places, Map<Path, List<CodeChange>> suspicious) {
        Set<Path> known = StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE)
                .walk(frames -> frames.map(frame -> sourceOf(frame.getDeclaringClass()))
                        .flatMap(Stream::ofNullable)
                        .collect(Collectors.toCollection(HashSet::new)));
        Path main = mainPlace();
        if (main != null) {
            known.add(main);
        }
        int last = -1;
        for (int i = 0; i < places.size(); i++) {
            last = known.contains(places.get(i)) ? i : last;
        }
        Set<Path> opened = new HashSet<>(places.subList(0, last + 1));
        OpenFiles files = OpenFiles.of("self");
        suspicious.forEach((place, changes) -> {
            FileStamp now = changes.getFirst().now();
            if (files.has(now) || files.hasDeleted(place)) {
                opened.add(place);
            }
        });
        return opened;
    }

    private static @Nullable Path mainPlace() {
        String command = System.getProperty("sun.java.command", "");
        String name = command.split(" ", 2)[0];
        int module = name.indexOf('/');
        if (name.endsWith(".jar")) {
            return Path.of(name).toAbsolutePath().normalize();
        }
        try {
            return sourceOf(Class.forName(name.substring(module + 1), false, ClassLoader.getSystemClassLoader()));
        } catch (ClassNotFoundException | LinkageError e) {
            return null;
        }
    }

    private static @Nullable Path sourceOf(Class<?> type) {
        CodeSource source = type.getProtectionDomain().getCodeSource();
        URL location = source == null ? null : source.getLocation();
        return location == null ? null : CodePaths.holder(location, "");
    }
}
