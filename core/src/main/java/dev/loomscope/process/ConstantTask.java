package dev.loomscope.process;

import dev.loomscope.core.CpuRequest;
import dev.loomscope.core.TaskContext;
import dev.loomscope.process.TaskCodec.EncodedTask;
import java.lang.invoke.SerializedLambda;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A task whose bytes are always the same, but for its name: a lambda or method reference that has captured nothing. Where one is
 * forked many times, it is serialized once.
 */
final class ConstantTask {

    /** Of one, here for as long as its class is there, and in a worker. */
    static final int MOST_BYTES = 4 * 1024;

    /**
     * What was made of the task of a class: its objects without the name, as a {@link ByteBuffer}; their classes; the {@link
     * SerializedLambda}; and the epoch of the program. It holds JDK types only: a value of our own type, held by a class of a parent loader, would keep our own class
     * loader from being unloaded.
     */
    private static final ClassValue<AtomicReference<@Nullable List<Object>>> OF_CLASS = new ClassValue<>() {
        @Override
        protected AtomicReference<@Nullable List<Object>> computeValue(Class<?> type) {
            return new AtomicReference<>();
        }
    };

    private ConstantTask() {}

    /** Whether a task is such a lambda: their classes are made by the JDK, and have fields for what was captured. */
    static boolean isConstant(Callable<?> task) {
        Class<?> type = task.getClass();
        return type.isHidden() && type.isSynthetic() && type.getDeclaredFields().length == 0;
    }

    /** Returns what was {@linkplain #keep kept} of such a task, with the name of this one; null if nothing was. */
    static @Nullable EncodedTask find(CpuRequest<?> request) {
        Class<?> type = request.task().getClass();
        if (!type.isHidden() || request.context() != TaskContext.EMPTY) {
            return null;
        }
        List<Object> found = OF_CLASS.get(type).get();
        if (found == null
                || !found.get(3).equals(ProgramCode.ofThisJvm().state().epoch())) {
            return null; // its code has to be compared with that of workers, perhaps again
        }
        return named(request.name(), found);
    }

    // However many wait in the queue, the objects are there once.
    @SuppressWarnings("unchecked") // as keep() has put it there
    private static @Nullable EncodedTask named(String name, List<Object> known) {
        byte[] before = TaskName.toBytes(name);
        ByteBuffer objects = (ByteBuffer) known.get(0);
        if (before.length + objects.remaining() > MOST_BYTES) {
            return null; // in all it has to fit a frame
        }
        Payload payload = Payload.of(before);
        payload.add(objects);
        return new EncodedTask(payload, (Set<Class<?>>) known.get(1), (SerializedLambda) known.get(2));
    }

    /** Keeps what was made of a task in this epoch of the program, if it is such a lambda. */
    static void keep(CpuRequest<?> request, EncodedTask encoded, int epoch) {
        SerializedLambda lambda = encoded.lambda();
        ByteBuffer bytes = encoded.payload().onlyPiece();
        if (lambda == null
                || bytes == null
                || bytes.remaining() > MOST_BYTES
                || request.context() != TaskContext.EMPTY) {
            return;
        }
        if (lambda.getCapturedArgCount() == 0 && isConstant(request.task())) {
            int name = TaskName.toBytes(request.name()).length;
            ByteBuffer objects = bytes.slice(bytes.position() + name, bytes.remaining() - name);
            OF_CLASS.get(request.task().getClass()).set(List.of(objects, encoded.classes(), lambda, epoch));
        }
    }
}
