package dev.loomscope.process;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Builds one archive, if nobody else does: of all JVMs that share the folder, the one that has locked a file in it. What becomes of it
 * is written to another file first, tried, and then given its name in one step.
 */
final class ArchiveBuild {

    private static final Logger log = LoggerFactory.getLogger(ProcessPool.class);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);

    private final StartArchive.Place place;
    private final ArchiveTraining training;
    private final @Nullable Path suspect;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    /** Makes one for workers of this pool; {@code suspect} is an archive with which none could be started. */
    ArchiveBuild(ProcessPoolConfig config, StartArchive.Place place, PoolThreads threads, @Nullable Path suspect) {
        this.place = place;
        this.training = new ArchiveTraining(config, place.format(), threads);
        this.suspect = suspect;
    }

    /** Does it, on a thread of its own. Whatever goes wrong, there is no archive then, and nothing else. */
    void run() {
        try {
            if (suspect != null) {
                Files.deleteIfExists(suspect);
                place.folder().noteFailure(place.key());
                log.info(
                        "no worker could be started with the archive {}: it is deleted, none is built for a day",
                        suspect);
            } else if (!touch() && !place.folder().hasFailed(place.key())) {
                buildAlone();
            }
        } catch (IOException | RuntimeException | Error e) {
            log.debug("an archive for workers could not be built in {}", place.folder(), e);
        } finally {
            ended.complete(null);
        }
    }

    // Whether there is one.
    private boolean touch() throws IOException {
        Path archive = place.find();
        if (archive != null) {
            ArchiveFolder.touch(archive);
        }
        return archive != null;
    }

    private void buildAlone() throws IOException {
        Path file = place.folder().lock();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock()) {
            if (lock != null && place.find() == null) {
                place.folder().sweep();
                build();
            }
        } catch (OverlappingFileLockException e) {
            log.debug("another pool of this JVM builds an archive");
        }
    }

    private void build() throws IOException {
        Path temporary = place.folder().temporary(place.key());
        try {
            long begun = System.nanoTime();
            boolean built = training.run(temporary);
            if (built) {
                Path archive = place.folder().keep(place.key(), temporary, place.format());
                long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
                log.debug("archive for workers built in {} ms: {}", millis, archive);
            } else if (!training.wasStopped()) {
                place.folder().noteFailure(place.key());
                log.debug("this JVM cannot build an archive for its workers; the next try is in a day");
            }
        } finally {
            place.folder().discard(temporary);
        }
    }

    /** It will never run. */
    void abandon() {
        ended.complete(null);
    }

    /** Ends it, and waits until nothing is left of it. */
    void stop() {
        training.stop();
        try {
            ended.get(STOP_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (TimeoutException | ExecutionException e) {
            log.debug("the build of an archive does not end", e);
        }
    }
}
