package dev.loomscope.process;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The private folder of one worker in the temporary folder: for its socket and its argument file while it starts, for the
 * {@linkplain BegunMark mark} of its tasks, and for the report of its JVM if that crashes. Others cannot look into it, nor put anything there.
 *
 * <p>Its name says whose it is: {@code loom-scope-<pid>-<start of that process>-<random>}, so that a later JVM can {@linkplain
 * FolderSweep sweep} it if this one is killed. It is short, for the path of a socket must be.
 */
final class WorkerFolder {

    static final String PREFIX = "loom-scope-";

    /** The base of the numbers in the name, except the pid. */
    static final int RADIX = 36;

    static final String SOCKET = "s";
    static final String ARGUMENTS = "args";
    static final String BEGUN = "begun";
    static final String LOGGING = "logging.xml";

    private static final Logger log = LoggerFactory.getLogger(WorkerFolder.class);
    private static final int MAX_TRIES = 20;

    private static final AtomicBoolean missed = new AtomicBoolean();

    private final Path path;
    private final boolean exists;

    /** Makes the object of a folder that exists. */
    WorkerFolder(Path path) {
        this(path, true);
    }

    private WorkerFolder(Path path, boolean exists) {
        this.path = path;
        this.exists = exists;
    }

    /**
     * Makes a new folder; or, if the temporary folder is missing, full or not ours to write in, something that stands for none: a
     * worker can start without.
     */
    static WorkerFolder createIfPossible() {
        try {
            return create();
        } catch (IOException | RuntimeException e) {
            String message = "no folder for workers can be made in the temporary folder: they connect over the loopback"
                    + " interface, and their JVMs report crashes on stderr. Make java.io.tmpdir={} writable";
            String parent = System.getProperty("java.io.tmpdir");
            if (missed.compareAndSet(false, true)) {
                log.warn(message, parent, e);
            } else {
                log.debug(message, parent, e);
            }
            return new WorkerFolder(Path.of(newName()), false); // of its own all the same: it is the worker's mark
        }
    }

    /**
     * Makes a new folder.
     *
     * @throws IOException if the temporary folder is missing, full or not ours to write in
     */
    static WorkerFolder create() throws IOException {
        Path parent = Path.of(System.getProperty("java.io.tmpdir"));
        for (int i = 0; true; i++) {
            try {
                return new WorkerFolder(Files.createDirectory(parent.resolve(newName()), onlyForUs(parent)));
            } catch (FileAlreadyExistsException e) {
                if (i == MAX_TRIES) {
                    throw e; // somebody takes all names
                }
            }
        }
    }

    private static String newName() {
        long self = ProcessHandle.current().pid();
        long random = ThreadLocalRandom.current().nextInt() & 0xffff_ffffL;
        return PREFIX + self + "-" + Long.toString(ProcessStart.of(self), RADIX) + "-" + Long.toString(random, RADIX);
    }

    private static FileAttribute<?>[] onlyForUs(Path parent) {
        boolean posix = parent.getFileSystem().supportedFileAttributeViews().contains("posix");
        return posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
                }
                : new FileAttribute<?>[0];
    }

    /** Whether there is one: if not, nothing can be put into it. */
    boolean exists() {
        return exists;
    }

    Path path() {
        return path;
    }

    /** What tells the processes that this worker's tasks start from all others. */
    String mark() {
        return path.getFileName().toString();
    }

    Path socket() {
        return path.resolve(SOCKET);
    }

    Path arguments() {
        return path.resolve(ARGUMENTS);
    }

    /** Where the worker says which task it has begun. */
    Path begun() {
        return path.resolve(BEGUN);
    }

    /** How the worker logs; it reads that when it first logs. */
    Path logging() {
        return path.resolve(LOGGING);
    }

    /** Where the JVM with this pid reports a native crash. */
    Path crashFile(String pid) {
        return path.resolve("hs_err_pid" + pid + ".log");
    }

    /** As {@link #crashFile} for any pid, as the JVM wants it: its wildcards are escaped. */
    String crashPattern() {
        return path.toString().replace("%", "%%")
                + File.separator
                + crashFile("%p").getFileName();
    }

    /** Deletes what a worker does not need once it is ready. */
    void clear() {
        if (exists) {
            delete(socket());
            delete(arguments());
        }
    }

    /** Deletes it, if there is no report of a crash in it. Again, it has no effect. */
    void delete() {
        if (!exists) {
            return;
        }
        clear();
        delete(begun());
        delete(logging());
        try {
            Files.deleteIfExists(path);
        } catch (DirectoryNotEmptyException e) {
            log.debug("the folder {} is kept: there is a report in it", path);
        } catch (IOException e) {
            log.warn("the folder {} of a worker could not be deleted", path, e);
        }
    }

    /** Lets this JVM delete it when it exits, after all shutdown hooks. Only during a shutdown: the JVM never forgets it. */
    void deleteAtExit() {
        if (!exists) {
            return;
        }
        try {
            for (Path file : List.of(path, begun(), arguments(), socket())) { // in reverse order
                file.toFile().deleteOnExit();
            }
        } catch (IllegalStateException e) {
            log.debug("the folder {} is left for its worker to delete", path, e); // the JVM does it just now
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            log.warn("the file {} of a worker could not be deleted", file, e);
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
