package dev.loomscope.process;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Where archives are kept from one run of a program to the next: a folder that only this user may change, for a worker runs what is in
 * there.
 *
 * <p>An archive is called {@code <key>-<its length>.aot}; so one that was cut off is none. {@code <key>.failed} says that a try to
 * build it has failed, {@code *.tmp*} is one that is being written, by whoever has locked {@code lock}.
 */
final class ArchiveFolder {

    /** The system property that says where it is; empty for nowhere. */
    static final String PROPERTY = "loom.scope.cache";

    /** How many archives there may be. */
    static final int MAX_ARCHIVES = 8;

    /** How many bytes all of them may have. */
    static final long MAX_BYTES = 256L << 20;

    /** How long a build that has failed is not tried again. */
    static final Duration PAUSE = Duration.ofDays(1);

    private static final String NAME = "loom-scope";
    private static final String LOCK = "lock";
    private static final String FAILED = ".failed";
    private static final String TEMPORARY = ".tmp";
    private static final int RADIX = 36;
    private static final Duration USE_STEP = Duration.ofHours(1); // how exactly the last use is known

    private final Path path;

    private ArchiveFolder(Path path) {
        this.path = path;
    }

    /**
     * Returns the folder of this user, made if there was none; null if there is to be none.
     *
     * @param ours something that belongs to this user for certain
     * @throws IOException if it cannot be made, or if somebody else owns it or may change it
     */
    static @Nullable ArchiveFolder open(Path ours) throws IOException {
        Path place = place(System.getProperty(PROPERTY), System.getenv());
        if (place == null || place.toString().contains(File.pathSeparator)) { // the JVM would take it for two
            return null;
        }
        boolean posix = ours.getFileSystem().supportedFileAttributeViews().contains("posix");
        if (!Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS)) {
            FileAttribute<?>[] attributes = posix
                    ? new FileAttribute<?>[] {
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
                    }
                    : new FileAttribute<?>[0];
            Files.createDirectories(place, attributes);
        }
        if (posix) {
            ensureOnlyOurs(place, ours);
        }
        return new ArchiveFolder(place);
    }

    /** Where it is, if the property and the environment say so; null for nowhere. */
    static @Nullable Path place(@Nullable String property, Map<String, String> environment) {
        if (property != null) {
            return property.isEmpty() ? null : Path.of(property).toAbsolutePath();
        }
        Path own = absolute(environment.get("XDG_CACHE_HOME"));
        if (own != null) {
            return own.resolve(NAME);
        }
        String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        if (system.startsWith("windows")) {
            Path local = absolute(environment.get("LOCALAPPDATA"));
            return local == null ? null : local.resolve(NAME).resolve("cache");
        }
        Path home = absolute(System.getProperty("user.home"));
        if (home == null || !Files.isDirectory(home)) {
            return null; // a user without one, as in many containers
        }
        return (system.startsWith("mac") ? home.resolve("Library").resolve("Caches") : home.resolve(".cache"))
                .resolve(NAME);
    }

    private static @Nullable Path absolute(@Nullable String path) {
        return path != null && Path.of(path).isAbsolute() ? Path.of(path) : null;
    }

    private static void ensureOnlyOurs(Path place, Path ours) throws IOException {
        PosixFileAttributes attributes =
                Files.readAttributes(place, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        boolean shared = attributes.permissions().contains(PosixFilePermission.GROUP_WRITE)
                || attributes.permissions().contains(PosixFilePermission.OTHERS_WRITE);
        if (shared
                || !attributes.isDirectory()
                || !attributes.owner().equals(Files.getOwner(ours, LinkOption.NOFOLLOW_LINKS))) {
            throw new IOException(
                    "%s is not used: it is no folder, or others than this user own it or may write in it; with chmod 700 it would be"
                            .formatted(place));
        }
    }

    /** The archive with this key; null if there is none. */
    @Nullable
    Path find(String key, ArchiveFormat format) throws IOException {
        for (Path file : list()) {
            String name = file.getFileName().toString();
            if (name.startsWith(key + "-") && name.endsWith(format.suffix()) && name.equals(name(key, file, format))) {
                return file;
            }
        }
        return null;
    }

    private static String name(String key, Path file, ArchiveFormat format) throws IOException {
        return key + "-" + Long.toString(Files.size(file), RADIX) + format.suffix();
    }

    /** Notes that an archive is in use: those that are not go first. */
    static void touch(Path archive) throws IOException {
        FileTime now = FileTime.from(Instant.now());
        Instant last = Files.getLastModifiedTime(archive).toInstant();
        if (last.plus(USE_STEP).isBefore(now.toInstant())) {
            Files.setLastModifiedTime(archive, now);
        }
    }

    Path lock() {
        return path.resolve(LOCK);
    }

    /** A file for an archive that is being built. */
    Path temporary(String key) {
        long random = ThreadLocalRandom.current().nextInt() & 0xffff_ffffL;
        return path.resolve(key + "-" + Long.toString(random, RADIX) + TEMPORARY);
    }

    /** Whether a build of this archive has failed lately. */
    boolean hasFailed(String key) throws IOException {
        Path mark = path.resolve(key + FAILED);
        return Files.exists(mark) && !isOlderThanPause(mark);
    }

    /** Notes that a build of this archive has failed, or that what was built is of no use. */
    void noteFailure(String key) throws IOException {
        Files.write(path.resolve(key + FAILED), new byte[0]);
        Files.setLastModifiedTime(path.resolve(key + FAILED), FileTime.from(Instant.now()));
    }

    /**
     * Gives a complete archive its name, and makes room for it.
     *
     * @throws IOException if it is empty, or cannot be moved
     */
    Path keep(String key, Path temporary, ArchiveFormat format) throws IOException {
        Path archive = path.resolve(name(key, temporary, format));
        Files.move(temporary, archive, StandardCopyOption.ATOMIC_MOVE);
        deleteLeastUsed(archive);
        return archive;
    }

    private void deleteLeastUsed(Path newest) throws IOException {
        List<Path> archives = new ArrayList<>();
        for (Path file : list()) {
            if (isArchive(file) && !file.equals(newest)) {
                archives.add(file);
            }
        }
        archives.sort(Comparator.comparingLong(ArchiveFolder::lastUse).reversed());
        long bytes = Files.size(newest);
        int kept = 1;
        for (Path archive : archives) {
            long size = archive.toFile().length();
            if (kept < MAX_ARCHIVES && bytes + size <= MAX_BYTES) {
                bytes += size;
                kept++;
            } else {
                Files.deleteIfExists(archive);
            }
        }
    }

    private static long lastUse(Path file) {
        return file.toFile().lastModified();
    }

    private static boolean isArchive(Path file) {
        String name = file.getFileName().toString();
        return name.endsWith(ArchiveFormat.AOT.suffix()) || name.endsWith(ArchiveFormat.CDS.suffix());
    }

    /** Deletes what builders that were killed have left behind, and marks of the past. By whoever has the lock. */
    void sweep() throws IOException {
        for (Path file : list()) {
            String name = file.getFileName().toString();
            if (name.contains(TEMPORARY) || (name.endsWith(FAILED) && isOlderThanPause(file))) {
                Files.deleteIfExists(file);
            }
        }
    }

    /** Deletes what is left of an archive that is not to be. */
    void discard(Path temporary) throws IOException {
        for (Path file : list()) { // some JVMs put a file of their own beside it
            if (file.getFileName().toString().startsWith(temporary.getFileName().toString())) {
                Files.deleteIfExists(file);
            }
        }
    }

    private static boolean isOlderThanPause(Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class)
                .lastModifiedTime()
                .toInstant()
                .plus(PAUSE)
                .isBefore(Instant.now());
    }

    private List<Path> list() throws IOException {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
            entries.forEach(files::add);
        }
        return files;
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
