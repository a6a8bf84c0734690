package dev.loomscope.process;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/** Compares all classes of two places, of which a class loader in this JVM uses the one, and workers the other. */
final class ClassFiles {

    private static final int MAX_DEPTH = 40;

    private static volatile @Nullable Comparison last; // any thread; of several classes of one plug-in in most cases

    private record Comparison(
            Path here, Path there, int epoch, @Nullable String different) {}

    private ClassFiles() {}

    /**
     * Returns a class that both places have with different content, or null if no class differs or a place cannot be read.
     *
     * @param epoch of the program, in which neither changes
     */
    static @Nullable String findDifferent(Path here, Path there, int epoch) {
        Comparison known = last;
        if (known == null
                || known.epoch() != epoch
                || !known.here().equals(here)
                || !known.there().equals(there)) {
            known = new Comparison(here, there, epoch, compare(here, there));
            last = known;
        }
        return known.different();
    }

    private static @Nullable String compare(Path here, Path there) {
        try {
            Map<String, Long> theirs = read(there);
            return read(here).entrySet().stream()
                    .filter(file ->
                            !theirs.getOrDefault(file.getKey(), file.getValue()).equals(file.getValue()))
                    .map(Map.Entry::getKey)
                    .findFirst()
                    .orElse(null);
        } catch (IOException | RuntimeException e) {
            return null;
        }
    }

    private static Map<String, Long> read(Path place) throws IOException {
        if (!Files.isDirectory(place)) {
            try (RandomAccessFile opened = new RandomAccessFile(place.toFile(), "r")) {
                JarDirectory jar = JarDirectory.read(opened);
                return jar == null ? Map.of() : jar.classes();
            }
        }
        Map<String, Long> classes = new HashMap<>();
        List<Path> files;
        try (Stream<Path> all = Files.walk(place, MAX_DEPTH)) {
            files = all.filter(file -> file.toString().endsWith(".class")).toList();
        }
        for (Path file : files) {
            CRC32 crc = new CRC32();
            crc.update(Files.readAllBytes(file));
            classes.put(place.relativize(file).toString().replace('\\', '/'), crc.getValue());
        }
        return classes;
    }
}
