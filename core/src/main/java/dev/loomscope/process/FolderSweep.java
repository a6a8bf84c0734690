package dev.loomscope.process;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes the {@linkplain WorkerFolder folders} of workers whose parents were killed before they could do it.
 *
 * <p>Only folders of our own user, of processes that do not live; and only old ones, since a process of another container may live
 * though it cannot be seen from here. Never follows a link, deletes only files that we make, and looks at a bounded number.
 */
final class FolderSweep {

    /** How old a folder has to be. */
    static final Duration MIN_AGE = Duration.ofHours(1);

    /** How long the report of a crash is kept. */
    static final Duration REPORT_AGE = Duration.ofDays(7);

    private static final Logger log = LoggerFactory.getLogger(FolderSweep.class);
    private static final int MAX_ENTRIES = 10_000;
    private static final Pattern NAME = Pattern.compile(WorkerFolder.PREFIX + "(\\d{1,18})-([0-9a-z]{1,12})-[0-9a-z]+");
    private static final Pattern REPORT = Pattern.compile("hs_err_pid\\d+\\.log");
    private static final AtomicBoolean started = new AtomicBoolean();

    private final Path parent;
    private final UserPrincipal owner;
    private final Instant now;

    FolderSweep(Path parent, UserPrincipal owner, Instant now) {
        this.parent = parent;
        this.owner = owner;
        this.now = now;
    }

    /** Sweeps the folder in which {@code ours} is, on a thread of its own, if that was not done in this JVM yet. */
    static void startOnce(WorkerFolder ours, PoolThreads threads) {
        if (!started.compareAndSet(false, true)) {
            return;
        }
        try {
            Path parent = ours.path().toAbsolutePath().getParent();
            if (parent != null) {
                FolderSweep sweep = new FolderSweep(parent, Files.getOwner(ours.path()), Instant.now());
                threads.start("loom-scope-sweep", sweep::run);
            }
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            log.debug("folders that others have left behind are not swept", e); // next time
        }
    }

    void run() {
        int left = MAX_ENTRIES;
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(parent)) {
            for (Path entry : entries) {
                if (left-- == 0) {
                    return;
                }
                sweep(entry);
            }
        } catch (IOException | RuntimeException e) {
            log.debug("folders that others have left behind in {} could not be swept", parent, e);
        }
    }

    private void sweep(Path entry) {
        Matcher name = NAME.matcher(String.valueOf(entry.getFileName()));
        try {
            if (name.matches() && isOldAndOurs(entry) && !mayLive(name.group(1), name.group(2))) {
                deleteReports(entry);
                new WorkerFolder(entry).delete();
            }
        } catch (IOException | RuntimeException e) {
            log.debug("{} could not be swept", entry, e);
        }
    }

    private boolean isOldAndOurs(Path entry) throws IOException {
        BasicFileAttributes attributes =
                Files.readAttributes(entry, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        return attributes.isDirectory()
                && isOlderThan(MIN_AGE, attributes)
                && Files.getOwner(entry, LinkOption.NOFOLLOW_LINKS).equals(owner);
    }

    private boolean isOlderThan(Duration age, BasicFileAttributes attributes) {
        return attributes.lastModifiedTime().toInstant().plus(age).isBefore(now);
    }

    private static boolean mayLive(String pid, String start) {
        return !ProcessStart.isGone(Long.parseLong(pid), Long.parseLong(start, WorkerFolder.RADIX));
    }

    private void deleteReports(Path folder) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                if (REPORT.matcher(String.valueOf(file.getFileName())).matches()
                        && isOlderThan(
                                REPORT_AGE,
                                Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS))) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }
}
