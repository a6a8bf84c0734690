package dev.loomscope.process;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A jar or a folder of classes from which workers load code: what the program in this JVM has of it, and what is on disk now. Size, time
 * and identity are compared at each look. The content is read only of files in which these differ.
 *
 * <p>All of it is guarded by the lock of {@link ProgramCode}.
 */
final class CodeLocation {

    private static final Logger log = LoggerFactory.getLogger(ProcessPool.class);
    private static final int MAX_FILES = 50_000; // of a folder; a class path may name "/" by mistake
    private static final int MAX_DEPTH = 40; // links may go round
    private static final String CLASS = ".class";

    private final Path path;
    private final Map<Path, Known> program = new LinkedHashMap<>(); // what the program runs
    private Map<Path, FileStamp> seen = Map.of(); // what was there at the last look, with the folders
    private List<CodeChange> changes = List.of(); // found by the last look
    private int epoch; // when the program last took over what is on disk

    /** A file as the program has it; {@code checksum} is null until it was read. */
    private record Known(FileStamp stamp, @Nullable Long checksum) {}

    /** Takes in what is there now as what the program runs. */
    CodeLocation(Path path) {
        this.path = path;
        accept(0);
    }

    Path path() {
        return path;
    }

    /** How many files a look looks at. */
    int size() {
        return seen.size();
    }

    /** The epoch of the program in which it took over what is there. */
    int epoch() {
        return epoch;
    }

    /** Takes what is there now for what the program runs. */
    void accept(int now) {
        epoch = now;
        seen = scan();
        changes = List.of();
        program.clear();
        for (Map.Entry<Path, FileStamp> file : seen.entrySet()) {
            if (!file.getValue().folder()) {
                program.put(file.getKey(), new Known(file.getValue(), null));
            }
        }
        if (program.size() == 1) {
            readContents(); // a jar: a few microseconds. Of a folder with thousands of files it would take too long
            // here
        }
    }

    /** Reads what was not read yet, so that files that are merely touched are told from others. */
    void readContents() {
        program.replaceAll(
                (file, known) -> known.checksum() == null && known.stamp().exists()
                        ? new Known(known.stamp(), checksum(file, known.stamp()))
                        : known);
    }

    /** Takes note that a file had other content when the program began. */
    void distrust(List<CodeChange> earlier) {
        changes = earlier;
    }

    /** The files that existed at the last look, with their stamps; none of them is a folder. */
    Map<Path, FileStamp> files() {
        Map<Path, FileStamp> files = new LinkedHashMap<>();
        program.forEach((file, known) -> files.put(file, known.stamp()));
        return files;
    }

    /** Compares what is on disk with what the program runs; returns what differs. */
    List<CodeChange> look() {
        if (!isAsSeen()) {
            seen = scan();
            changes = compare();
        }
        return changes;
    }

    private boolean isAsSeen() {
        for (Map.Entry<Path, FileStamp> file : seen.entrySet()) {
            if (!FileStamp.of(file.getKey()).equals(file.getValue())) {
                return false;
            }
        }
        return true;
    }

    private List<CodeChange> compare() {
        List<CodeChange> found = new ArrayList<>();
        program.replaceAll((file, known) -> {
            FileStamp now = seen.getOrDefault(file, FileStamp.of(file));
            if (now.equals(known.stamp())) {
                return known;
            }
            Long checksum = known.checksum();
            if (checksum != null && now.exists() && !now.folder() && checksum.equals(checksum(file, now))) {
                return new Known(now, checksum); // touched, or replaced by a copy of itself
            }
            found.add(new CodeChange(file, known.stamp(), now));
            return known;
        });
        seen.forEach((file, now) -> {
            if (!now.folder() && !program.containsKey(file) && now.exists()) {
                found.add(new CodeChange(file, FileStamp.missing(), now));
            }
        });
        return List.copyOf(found);
    }

    // Null if it is being written at the moment.
    private static @Nullable Long checksum(Path file, FileStamp stamp) {
        try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "r")) {
            boolean isClass = file.toString().endsWith(CLASS);
            JarDirectory jar = isClass ? null : JarDirectory.read(opened);
            long checksum = jar != null ? jar.checksum() : checksumOfAll(file);
            return FileStamp.of(file).equals(stamp) ? checksum : null;
        } catch (IOException | RuntimeException e) {
            log.debug("{} cannot be read to compare its content", file, e);
            return null;
        }
    }

    private static long checksumOfAll(Path file) throws IOException {
        CRC32 crc = new CRC32();
        byte[] bytes = Files.readAllBytes(file);
        crc.update(bytes);
        return crc.getValue() | (long) bytes.length << 32;
    }

    // The file, or all classes in the folder and all folders in it; one entry for something that is missing.
    private Map<Path, FileStamp> scan() {
        Map<Path, FileStamp> found = new LinkedHashMap<>();
        FileStamp stamp = FileStamp.of(path);
        found.put(path, stamp);
        if (stamp.folder()) {
            scan(path, 0, found);
        }
        return found;
    }

    private static void scan(Path folder, int depth, Map<Path, FileStamp> found) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                boolean isClass = name.endsWith(CLASS);
                if ((!isClass && !isPackage(name)) || found.size() >= MAX_FILES) {
                    continue;
                }
                FileStamp stamp = FileStamp.of(file);
                if (isClass && stamp.exists() && !stamp.folder()) {
                    found.put(file, stamp);
                } else if (stamp.folder() && depth < MAX_DEPTH) {
                    found.put(file, stamp);
                    scan(file, depth + 1, found);
                }
            }
        } catch (IOException | RuntimeException e) {
            log.debug("{} cannot be listed to compare its classes", folder, e); // being deleted, say
        }
    }

    // Other folders have no classes: ".git", "META-INF".
    private static boolean isPackage(String name) {
        for (int i = 0; i < name.length(); i++) {
            if (!Character.isJavaIdentifierPart(name.charAt(i))) {
                return false;
            }
        }
        return Character.isJavaIdentifierStart(name.charAt(0));
    }
}
