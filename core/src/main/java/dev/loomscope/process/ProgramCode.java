package dev.loomscope.process;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Compares the code that the program in this JVM runs with the files from which its workers load theirs.
 *
 * <p>A snapshot of the class path is taken when the first pool is made. From then on the files are looked at before and after the start
 * of each worker, at the end of each task that takes twenty times as long as that, and now and then while shorter ones are forked: as
 * often as takes about a percent of the time. Where something differs, the program is out of date, and no task may go to a worker.
 *
 * <p>A program may also move on without a restart, as development tools do: a new class loader loads the classes anew. From then on
 * the program consists of the new files. Each such step begins an <em>epoch</em>; a task and a worker belong together if they are of
 * the same one.
 */
final class ProgramCode {

    private static final String CLASS_PATH = "java.class.path";
    private static final long MIN_PAUSE = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long MAX_PAUSE =
            TimeUnit.MILLISECONDS.toNanos(20); // of class paths that take no longer to look at
    private static final int USUAL_PAUSE = 100; // times the cost of a look
    private static final int LEAST_PAUSE = 20;
    private static final int LEAST_TASK = 20; // times the cost of a look: a longer task is looked after exactly
    private static final int LEAST_TASK_WITH_FOLDERS = 3; // folders are of development, where classes change often
    private static final long MAX_COST_PER_FILE = 5_000; // ns; what takes longer was delayed, as on a busy machine

    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Path, CodeLocation> locations = new HashMap<>(); // guarded by lock; all that were ever looked at
    private List<CodeLocation> active = List.of(); // guarded by lock; those of the class path, in its order
    private @Nullable String classPath; // guarded by lock; from which these were found

    private volatile State state = new State(0, 0, List.of(), List.of()); // written under lock
    private volatile long lastLook = System.nanoTime(); // written under lock; nanoTime
    private volatile long pause; // written under lock; until the next look, in ns
    private volatile long cost; // written under lock; of the last look, in ns
    private volatile boolean folders; // written under lock; whether the class path has any

    /**
     * What was found at the last look.
     *
     * @param version grows whenever something else changes here
     * @param epoch how often the program has taken over other files
     * @param changes the files that differ from what the program runs; empty if it is up to date
     * @param accepted the files that the program has taken over since it began
     */
    record State(int version, int epoch, List<CodeChange> changes, List<CodeChange> accepted) {

        /** Returns the files that may differ from what a worker of this epoch has loaded. */
        List<CodeChange> since(int workerEpoch) {
            if (workerEpoch == epoch) {
                return changes;
            }
            List<CodeChange> all = new ArrayList<>(accepted);
            all.addAll(changes);
            return all;
        }
    }

    private static final class OfThisJvm {
        static final ProgramCode CODE = snapshot();

        private static ProgramCode snapshot() {
            ProgramCode code = new ProgramCode();
            CodePaths paths = code.locate();
            code.distrust(EarlierChanges.find(paths, code.stamps()));
            code.readFolders();
            return code;
        }
    }

    private ProgramCode() {}

    /** Returns that of this JVM; the first call takes the snapshot. */
    static ProgramCode ofThisJvm() {
        return OfThisJvm.CODE;
    }

    // Workers get the class path that is set when they start, which a program may have changed. Guarded by lock, as
    // below.
    private CodePaths locate() {
        classPath = System.getProperty(CLASS_PATH);
        CodePaths paths = CodePaths.ofThisJvm();
        active = paths.all().stream()
                .map(path -> locations.computeIfAbsent(path, CodeLocation::new))
                .toList();
        return paths;
    }

    // In class path order.
    private Map<Path, Map<Path, FileStamp>> stamps() {
        Map<Path, Map<Path, FileStamp>> stamps = new LinkedHashMap<>();
        active.forEach(location -> stamps.put(location.path(), location.files()));
        return stamps;
    }

    // What was replaced before the snapshot.
    private void distrust(Map<Path, List<CodeChange>> earlier) {
        if (!earlier.isEmpty()) {
            earlier.forEach((path, changes) -> {
                CodeLocation location = locations.get(path);
                if (location != null) {
                    location.distrust(changes);
                }
            });
            look();
        }
    }

    // Thousands of files of a program that is being developed; its first task does not wait for that.
    private void readFolders() {
        List<CodeLocation> all = active;
        Thread.ofPlatform().daemon().name("loom-scope-code").start(() -> {
            for (CodeLocation location : all) {
                lock.lock();
                try {
                    location.readContents();
                } finally {
                    lock.unlock();
                }
            }
        });
    }

    /** Looks at the files, if the last look is long enough ago. Takes some nanoseconds in most cases. */
    void check() {
        check(pause);
    }

    /** As {@link #check}, before something that takes longer than a look, as the start of a worker. */
    void checkSoon() {
        check(Math.min(pause, MIN_PAUSE));
    }

    private void check(long since) {
        if (System.nanoTime() - lastLook >= since) {
            lock.lock();
            try {
                if (System.nanoTime() - lastLook >= since) { // or else another thread has just looked
                    look();
                }
            } finally {
                lock.unlock();
            }
        }
    }

    /** As {@link #check}, at the end of something that has taken so long; always looks if that is much longer than a look. */
    void checkAfter(long nanos) {
        if (nanos > cost * (folders ? LEAST_TASK_WITH_FOLDERS : LEAST_TASK)) {
            checkNow();
        } else {
            check();
        }
    }

    /** Looks at the files now. */
    State checkNow() {
        lock.lock();
        try {
            look();
            return state;
        } finally {
            lock.unlock();
        }
    }

    /** What the last look has found. */
    State state() {
        return state;
    }

    // Guarded by lock, or before anybody else knows this.
    private void look() {
        long begun = System.nanoTime();
        if (!Objects.equals(System.getProperty(CLASS_PATH), classPath)) {
            locate();
        }
        List<CodeChange> changes = new ArrayList<>();
        active.forEach(location -> changes.addAll(location.look()));
        if (!changes.equals(state.changes())) {
            state = new State(state.version() + 1, state.epoch(), List.copyOf(changes), state.accepted());
        }
        long now = System.nanoTime();
        int files = active.stream().mapToInt(CodeLocation::size).sum();
        folders = files > active.size();
        cost = Math.min(now - begun, files * MAX_COST_PER_FILE);
        pause = Math.clamp(cost * USUAL_PAUSE, MIN_PAUSE, MAX_PAUSE + cost * LEAST_PAUSE);
        lastLook = now;
    }

    /**
     * Takes over what is in these places now: a class loader that was not known before has loaded it.
     *
     * @return the epoch in which the program has that code
     */
    int accept(Collection<Path> places) {
        lock.lock();
        try {
            look();
            List<CodeChange> taken = new ArrayList<>();
            for (Path place : places) {
                CodeLocation location = locations.get(place);
                if (location != null && !location.look().isEmpty()) {
                    taken.addAll(location.look());
                    location.accept(state.epoch() + 1);
                }
            }
            if (!taken.isEmpty()) {
                Map<Path, CodeChange> accepted = new LinkedHashMap<>();
                state.accepted().forEach(change -> accepted.put(change.file(), change));
                taken.forEach(change -> accepted.putIfAbsent(change.file(), change));
                List<CodeChange> left = new ArrayList<>(state.changes());
                left.removeAll(taken);
                state = new State(
                        state.version() + 1, state.epoch() + 1, List.copyOf(left), List.copyOf(accepted.values()));
            }
            return state.epoch();
        } finally {
            lock.unlock();
        }
    }

    /** The epoch in which the program took over what is in this place. */
    int epochOf(Path place) {
        lock.lock();
        try {
            CodeLocation location = locations.get(place);
            return location == null ? 0 : location.epoch();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Guards against a fork of code that workers do not have.
     *
     * @return the epoch of the program
     * @throws CodeChangedException if files differ from what the program runs
     */
    int ensureUnchanged(String task) {
        State now = state;
        if (!now.changes().isEmpty()) {
            throw refusal("CPU task '%s' was refused".formatted(task), now.changes());
        }
        return now.epoch();
    }

    /** What a caller gets whose code cannot be given to a worker any more. */
    static CodeChangedException refusal(String what, List<CodeChange> changes) {
        return new CodeChangedException(
                ("%s: %s. This JVM still runs the code from before that change, and a worker process would load the new"
                                + " code. Restart this JVM, or restore the file.")
                        .formatted(what, CodeChange.describe(changes)),
                CodeChange.files(changes));
    }

    /** What a caller gets whose task ran, or waited, while its code was replaced. */
    static CodeChangedException ended(String task, @Nullable Worker worker, List<CodeChange> changes) {
        String where = worker == null
                ? "waited for a worker when the code changed, and no worker has its code any more"
                : "ran in worker %s when the code changed, and may have loaded classes of the new code"
                        .formatted(worker);
        return new CodeChangedException(
                ("CPU task '%s' %s: %s. Its result would not be reliable. Restart this JVM if it has not loaded the new code,"
                                + " and run the task again. Running tasks survive a deployment that puts new files in place of the"
                                + " old ones (mv) and does not overwrite them (cp).")
                        .formatted(task, where, CodeChange.describe(changes)),
                CodeChange.files(changes));
    }
}
