package dev.loomscope.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The archive of loaded classes with which the workers of one pool start. Where there is none yet, one is built in the background
 * once the first task is done, for pools and programs to come. Nobody needs it: whatever is wrong with it, workers start without.
 */
final class StartArchive {

    private static final Logger log = LoggerFactory.getLogger(ProcessPool.class);
    private static final Duration UNTIL_BUILD = Duration.ofSeconds(2); // a program that is over by then builds none

    private final ProcessPoolConfig config;
    private final PoolThreads threads;
    private final AtomicBoolean begun = new AtomicBoolean();
    private volatile boolean closed; // any thread, set once
    private volatile boolean proven; // any thread; a worker has started with it
    private volatile boolean looked; // any thread, set once; after 'place'
    private volatile @Nullable Place place; // any thread, set once
    private volatile @Nullable Path used; // any thread; what starts are made with
    private volatile @Nullable Path suspect; // any thread, set once; with it, a start has failed
    private volatile @Nullable ArchiveBuild build; // timer, set once

    /** Where an archive is, or would be. */
    record Place(ArchiveFolder folder, String key, ArchiveFormat format) {

        @Nullable
        Path find() throws IOException {
            return folder.find(key, format);
        }
    }

    StartArchive(ProcessPoolConfig config, PoolThreads threads) {
        this.config = config;
        this.threads = threads;
    }

    /**
     * Returns further options for a JVM with these arguments.
     *
     * @param ours the folder of that worker
     */
    List<String> options(List<String> arguments, WorkerFolder ours) {
        List<String> options = new ArrayList<>(ofNestedPools());
        if (config.startArchive() && ours.exists()) {
            try {
                look(arguments, ours);
                Place there = place;
                Path archive = there == null ? null : find(there);
                if (there != null && archive != null) {
                    options.addAll(there.format().use(archive));
                }
            } catch (IOException | RuntimeException e) {
                log.debug("workers of pool '{}' start without an archive", config.name(), e);
            }
        }
        return options;
    }

    // Workers of workers use what there is where we look for it.
    private List<String> ofNestedPools() {
        String own = System.getProperty(ArchiveFolder.PROPERTY);
        String told = config.startArchive() ? own : "";
        return told == null ? List.of() : List.of("-D" + ArchiveFolder.PROPERTY + "=" + told);
    }

    // The same for all starts of a pool: what changes while this JVM runs, changes nothing in it.
    private void look(List<String> arguments, WorkerFolder ours) throws IOException {
        if (looked) {
            return;
        }
        try {
            place = placeOf(arguments, ours); // twice if two start together: neither starts without for that
        } finally {
            looked = true; // failures too: once is enough
        }
    }

    /** Where the archive is for JVMs with these arguments; null if they can have none. */
    static @Nullable Place placeOf(List<String> arguments, WorkerFolder ours) throws IOException {
        ArchiveFormat format = ArchiveFormat.ofThisJvm();
        String key = format == null ? null : ArchiveKey.of(arguments);
        if (format == null || key == null) {
            return null;
        }
        ArchiveFolder folder = ArchiveFolder.open(ours.path());
        return folder == null ? null : new Place(folder, key, format);
    }

    private @Nullable Path find(Place there) throws IOException {
        if (suspect != null) {
            return null;
        }
        Path known = used;
        if (known == null || !Files.exists(known)) {
            known = there.find();
            used = known;
        }
        return known;
    }

    /** A worker is ready. */
    void onStarted() {
        proven |= used != null;
    }

    /** A worker has ended before it was ready: it may be the archive's fault, and the next one starts without. */
    void onFailedStart() {
        if (!proven) {
            suspect = used;
        }
    }

    /** A task of the pool is done, and so is what a start needs. Returns at once. */
    void onTaskDone() {
        if (place != null && !begun.get() && begun.compareAndSet(false, true) && Nesting.depth() == 0) {
            PoolTimer.schedule(UNTIL_BUILD, this::startBuild);
        }
    }

    private void startBuild() {
        Place there = place;
        if (closed || there == null || LiveProcesses.isExiting()) {
            return;
        }
        ArchiveBuild started = new ArchiveBuild(config, there, threads, suspect);
        build = started;
        try {
            threads.start("loom-scope-archive", started::run);
        } catch (OutOfMemoryError e) {
            log.debug("there is no thread to build an archive with", e); // next time
            started.abandon();
        }
        if (closed) {
            started.stop();
        }
    }

    /** Ends what builds it. */
    void close() {
        closed = true;
        ArchiveBuild started = build;
        if (started != null) {
            started.stop();
        }
    }
}
