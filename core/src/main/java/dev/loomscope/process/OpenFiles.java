package dev.loomscope.process;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The jars that a process has open, where the system tells (Linux). A JVM reads a jar through the file that it opened first, also when
 * another file has taken its name since.
 */
final class OpenFiles {

    private static final String DELETED = " (deleted)";

    private final Set<FileStamp> stamps = new HashSet<>();
    private final Set<String> deleted = new HashSet<>();

    private OpenFiles() {}

    /** Looks at those of a process of this user; empty if they cannot be seen. Reads a folder of the system: not under a lock. */
    static OpenFiles of(String pid) {
        OpenFiles files = new OpenFiles();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc", pid, "fd"))) {
            for (Path descriptor : all) {
                files.add(descriptor);
            }
        } catch (IOException | RuntimeException e) {
            files.stamps.clear(); // gone, or not Linux
        }
        return files;
    }

    private void add(Path descriptor) {
        try {
            String target = Files.readSymbolicLink(descriptor).toString();
            if (target.startsWith("/")) { // no socket, no pipe
                stamps.add(FileStamp.of(descriptor));
                if (target.endsWith(DELETED)) {
                    deleted.add(target.substring(0, target.length() - DELETED.length()));
                }
            }
        } catch (IOException e) {
            // closed meanwhile
        }
    }

    /** Whether a file is open that had this path and has no name any more. */
    boolean hasDeleted(Path file) {
        return deleted.contains(file.toString());
    }

    /** Whether this file is open. */
    boolean has(FileStamp file) {
        return stamps.stream().anyMatch(open -> open.isSameFile(file));
    }

    /** Whether all of these are still open as they were before they were replaced: no class can come from the new ones. */
    boolean holdAll(List<CodeChange> changes) {
        return changes.stream().allMatch(change -> holds(change.before(), change.now()));
    }

    // A file that was overwritten is the same file, and may have the same size and time.
    private boolean holds(@Nullable FileStamp before, FileStamp now) {
        return before != null
                && !before.isSameFile(now)
                && stamps.stream().anyMatch(open -> open.isSameContent(before));
    }
}
