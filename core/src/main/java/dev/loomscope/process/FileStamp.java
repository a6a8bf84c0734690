package dev.loomscope.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the file system says about a file without reading it. Equal stamps mean that nobody has written to the file or put another
 * one in its place. Unequal stamps may mean that it was only touched.
 *
 * @param exists whether there is a file; all else is empty if not
 * @param folder whether it is a folder
 * @param size in bytes
 * @param modified when its content was written; a copy may preserve an earlier time
 * @param changed when the system last changed anything of it, which no copy can preserve; the same as {@code modified} on systems that
 *     do not tell
 * @param key the identity of the file, so that a symbolic link to another file differs; null on systems that have none
 */
record FileStamp(
        boolean exists,
        boolean folder,
        long size,
        FileTime modified,
        FileTime changed,
        @Nullable Object key) {

    private static final String UNIX = "unix:isDirectory,size,lastModifiedTime,ctime,fileKey";
    private static final FileTime NEVER = FileTime.fromMillis(0);
    private static final FileStamp MISSING = new FileStamp(false, false, 0, NEVER, NEVER, null);

    private static volatile boolean unix = true; // any thread; goes to false once

    /** Looks at a file, following links. A file that cannot be looked at counts as missing. */
    static FileStamp of(Path file, LinkOption... options) {
        try {
            if (unix) {
                try {
                    Map<String, Object> found = Files.readAttributes(file, UNIX, options);
                    return new FileStamp(
                            true,
                            (Boolean) value("isDirectory", found),
                            (Long) value("size", found),
                            (FileTime) value("lastModifiedTime", found),
                            (FileTime) value("ctime", found),
                            found.get("fileKey"));
                } catch (UnsupportedOperationException | IllegalArgumentException e) {
                    unix = false;
                }
            }
            BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class, options);
            FileTime modified = found.lastModifiedTime();
            return new FileStamp(true, found.isDirectory(), found.size(), modified, modified, found.fileKey());
        } catch (IOException | SecurityException e) {
            return MISSING;
        }
    }

    private static Object value(String name, Map<String, Object> found) {
        return Objects.requireNonNull(found.get(name), name);
    }

    /** The stamp of a file that does not exist. */
    static FileStamp missing() {
        return MISSING;
    }

    /** Whether the same file is still there, with the same content as far as size and time tell. */
    boolean isSameContent(FileStamp other) {
        return size == other.size && modified.equals(other.modified) && isSameFile(other);
    }

    boolean isSameFile(FileStamp other) {
        return key != null && key.equals(other.key);
    }

    /** Describes it for people: size and time. */
    String describe() {
        return exists ? "%s bytes, modified %s".formatted(size, modified) : "missing";
    }

    // Not the one that the JDK makes for records: on JDK 25 a call of that keeps our class loader from being unloaded.
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof FileStamp that
                && exists == that.exists
                && folder == that.folder
                && size == that.size
                && modified.equals(that.modified)
                && changed.equals(that.changed)
                && Objects.equals(key, that.key);
    }

    @Override
    public int hashCode() {
        return Objects.hash(exists, folder, size, modified, changed, key);
    }
}
