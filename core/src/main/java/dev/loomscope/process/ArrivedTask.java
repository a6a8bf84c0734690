package dev.loomscope.process;

import dev.loomscope.core.TaskContext;
import dev.loomscope.core.TaskNotSerializableException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InvalidObjectException;
import java.io.ObjectInputFilter;
import java.lang.invoke.SerializedLambda;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * A task in a worker, read in the order in which {@link TaskCodec} wrote it: its name, so that failures have one; its context, so
 * that it is installed by then; the task itself, whose objects may run code of their own while they are made.
 *
 * <p>Task thread only; each step once.
 */
final class ArrivedTask {

    private final Payload payload;
    private final InputStream bytes;
    private final String name;
    private final @Nullable ByteBuffer objects;
    private @Nullable TaskInputStream in; // opened when first needed

    /** Reads the name. */
    ArrivedTask(Payload payload) throws IOException {
        this.payload = payload;
        this.bytes = payload.toInputStream();
        this.name = TaskName.read(bytes);
        this.objects = rest(payload.onlyPiece(), bytes.available());
    }

    private static @Nullable ByteBuffer rest(@Nullable ByteBuffer all, int length) {
        return all == null ? null : all.slice(all.limit() - length, length);
    }

    String name() {
        return name;
    }

    /** All that comes after the name, if it is one piece of memory; null if it is not. */
    @Nullable
    ByteBuffer objects() {
        return objects;
    }

    /** Reads what travels with the task. */
    TaskContext readContext() throws IOException, ClassNotFoundException {
        Map<String, @Nullable String> log = new HashMap<>();
        for (int left = in().readInt(); left > 0; left--) {
            log.put(next(String.class), (String) nextObject());
        }
        Map<String, Object> values = new HashMap<>();
        for (int left = in().readInt(); left > 0; left--) {
            values.put(next(String.class), next(Object.class));
        }
        return TaskContext.of(log, values);
    }

    /** Reads the task itself. What the objects in it do while they are read is the task's own doing. */
    Callable<?> readTask() throws IOException, ClassNotFoundException {
        return next(Callable.class);
    }

    /** Whether what was read came as a lambda or method reference, and not as an object with code of its own for that. */
    boolean isLambda() {
        return in != null && SerializedLambda.class.getName().equals(in.firstClass());
    }

    private TaskInputStream in() throws IOException {
        if (in == null) {
            StreamLimits limits = new StreamLimits(payload.size());
            ObjectInputFilter filter = info ->
                    limits.exceeds(info) ? ObjectInputFilter.Status.REJECTED : ObjectInputFilter.Status.UNDECIDED;
            ClassLoader loader = Thread.currentThread().getContextClassLoader();
            in = new TaskInputStream(bytes, payload.arrays(), filter, List.of(loader));
        }
        return in;
    }

    private <T> T next(Class<T> type) throws IOException, ClassNotFoundException {
        return cast(type, nextObject());
    }

    // What code of the task looks for itself and does not find is its own failure.
    private @Nullable Object nextObject() throws IOException, ClassNotFoundException {
        try {
            return in().readObject();
        } catch (ClassNotFoundException e) {
            String missing = in().missing();
            if (missing == null) {
                throw e;
            }
            throw new TaskNotSerializableException(
                    ("CPU task '%s' cannot be read in its worker, which has no class %s. Workers have the class path of the JVM that"
                                    + " forks: put the class there; what other class loaders define cannot be sent.")
                            .formatted(name, missing),
                    "",
                    e);
        }
    }

    private static <T> T cast(Class<T> type, @Nullable Object object) throws InvalidObjectException {
        if (!type.isInstance(object)) {
            throw new InvalidObjectException("what came is no task");
        }
        return type.cast(object);
    }
}
