package dev.loomscope.process;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.WeakHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Where the code of a class is that tasks consist of, and whether workers have the same. Most classes were loaded by the class loader
 * that loaded this library, or one above it, and are as old as the program. Others were loaded by loaders of their own: development
 * tools make a new one whenever classes were compiled, plug-ins have one each.
 *
 * <p>A loader that is seen for the first time moves the program on: what is on disk now is what it has loaded. Classes of loaders that
 * were seen before are out of date from then on, if their files have changed.
 */
final class LoadedCode {

    /**
     * What is known of a class: its place, its epoch and the difference. It holds JDK types only: a value of our own type, held by a class of a
     * parent loader, would keep our own class loader from being unloaded.
     */
    private static final ClassValue<@Nullable Object[]> OF_CLASS = new ClassValue<>() {
        @Override
        protected @Nullable Object[] computeValue(Class<?> type) {
            LoadedCode code = new LoadedCode(type);
            return new @Nullable Object[] {code.place, code.epoch, code.other};
        }
    };

    private static final ClassValue<Boolean> IS_OF_WORKERS = new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
            return TaskReach.isOfWorkers(type.getClassLoader());
        }
    };
    private static final ReentrantLock lock = new ReentrantLock();
    private static final Map<ClassLoader, Integer> EPOCHS = new WeakHashMap<>(); // guarded by lock

    private final @Nullable Path place; // from which workers load it; null if that is not known
    private final int epoch; // of the program, when its loader was first seen
    private final @Nullable String other; // where workers have different code; null if they have the same

    private LoadedCode(@Nullable Object[] known) {
        this.place = (Path) known[0];
        this.epoch = (Integer) Objects.requireNonNull(known[1]);
        this.other = (String) known[2];
    }

    private LoadedCode(Class<?> type) {
        String file = type.getName().replace('.', '/') + ".class";
        URL theirs = urlInWorkers(file);
        this.place = theirs == null ? null : CodePaths.holder(theirs, file);
        ClassLoader loader = type.getClassLoader();
        this.epoch = loader == null || IS_OF_WORKERS.get(type) ? 0 : epochOf(loader, place);
        this.other =
                theirs == null || loader == null || IS_OF_WORKERS.get(type) ? null : difference(loader, file, theirs);
    }

    /**
     * Guards against a task, or an action, whose class has other code in a worker than here.
     *
     * @throws CodeChangedException if the file was replaced since the class was loaded, or if workers load it from another place
     */
    static void ensureCurrent(String task, Class<?> type) {
        ProgramCode code = ProgramCode.ofThisJvm();
        if (IS_OF_WORKERS.get(type) && code.state().epoch() == 0) {
            return;
        }
        new LoadedCode(OF_CLASS.get(type)).ensureCurrent(task, type, code);
    }

    private void ensureCurrent(String task, Class<?> type, ProgramCode code) {
        if (other != null) {
            throw new CodeChangedException(
                    ("CPU task '%s' was refused: this JVM has loaded %s by %s, and a worker process would load other code:"
                                    + " %s. Put the same version in both places.")
                            .formatted(task, type.getName(), type.getClassLoader(), other),
                    List.of(other));
        }
        if (place != null && code.epochOf(place) > epoch) {
            throw new CodeChangedException(
                    ("CPU task '%s' was refused: this JVM loaded %s before %s was replaced, and a newer class loader has loaded"
                                    + " the new code since. Fork the task from the reloaded code.")
                            .formatted(task, type.getName(), place),
                    List.of(place.toString()));
        }
    }

    /** Notes that the program uses this loader, so that a later one is known to be later. */
    static void see(@Nullable ClassLoader loader) {
        if (loader != null && !TaskReach.isOfWorkers(loader)) {
            epochOf(loader, null);
        }
    }

    private static int epochOf(ClassLoader loader, @Nullable Path place) {
        lock.lock();
        try {
            Integer known = EPOCHS.get(loader);
            if (known == null) {
                List<Path> places = new ArrayList<>();
                if (place != null) {
                    places.add(place);
                }
                if (loader instanceof URLClassLoader urls) {
                    places.addAll(CodePaths.pathsOf(urls));
                }
                known = ProgramCode.ofThisJvm().accept(places);
                EPOCHS.put(loader, known);
            }
            return known;
        } finally {
            lock.unlock();
        }
    }

    private static @Nullable URL urlInWorkers(String file) {
        ClassLoader ours = LoadedCode.class.getClassLoader();
        return ours == null ? ClassLoader.getSystemResource(file) : ours.getResource(file);
    }

    // The class may call others of the same place.
    private static @Nullable String differenceOfOthers(@Nullable Path own, @Nullable Path theirs) {
        if (own == null || theirs == null || own.equals(theirs)) {
            return null;
        }
        int epoch = ProgramCode.ofThisJvm().state().epoch();
        String different = ClassFiles.findDifferent(own, theirs, epoch);
        return different == null ? null : "%s in %s".formatted(different, theirs);
    }

    private static @Nullable String difference(ClassLoader loader, String file, URL theirs) {
        URL own = loader instanceof URLClassLoader urls ? urls.findResource(file) : null;
        own = own == null ? loader.getResource(file) : own;
        if (own == null || own.toString().equals(theirs.toString())) {
            return null; // from memory, or the same file
        }
        try (InputStream here = own.openStream();
                InputStream there = theirs.openStream()) {
            return Arrays.equals(here.readAllBytes(), there.readAllBytes())
                    ? differenceOfOthers(CodePaths.holder(own, file), CodePaths.holder(theirs, file))
                    : theirs.toString();
        } catch (IOException | RuntimeException e) {
            return null; // the files are compared as a whole, too
        }
    }
}
