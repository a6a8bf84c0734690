package dev.loomscope.process;

import dev.loomscope.core.TaskContext;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * The {@linkplain ConstantTask constant tasks} that a worker has read: the same bytes mean the same one, and need not be read again.
 *
 * <p>Task thread only.
 */
final class ArrivedConstants {

    private static final int MOST = 64;

    private final Map<ByteBuffer, Callable<?>> known = new HashMap<>();

    /** Returns the task of these bytes; null if it is not known. */
    @Nullable
    Callable<?> find(ArrivedTask arrived) {
        ByteBuffer objects = keyOf(arrived);
        return objects == null ? null : known.get(objects);
    }

    /** Remembers what was read of these bytes, if it is always the same: no code of the task has had a say in it. */
    void add(ArrivedTask arrived, TaskContext context, Callable<?> task) {
        ByteBuffer objects = keyOf(arrived);
        if (objects == null || context != TaskContext.EMPTY) {
            return;
        }
        if (arrived.isLambda() && ConstantTask.isConstant(task)) {
            if (known.size() == MOST) {
                known.clear();
            }
            known.put(
                    ByteBuffer.allocate(objects.remaining())
                            .put(objects.duplicate())
                            .flip(),
                    task);
        }
    }

    // Null if it has more than a constant task may have.
    private static @Nullable ByteBuffer keyOf(ArrivedTask arrived) {
        ByteBuffer objects = arrived.objects();
        return objects == null || objects.remaining() > ConstantTask.MOST_BYTES ? null : objects;
    }
}
