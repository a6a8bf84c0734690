package dev.loomscope.process;

import dev.loomscope.core.CpuRequest;
import dev.loomscope.core.TaskContext;
import dev.loomscope.process.TaskCodec.EncodedTask;
import java.lang.invoke.SerializedLambda;
import java.nio.ByteBuffer;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * A task whose bytes are always the same, but for its name: a lambda or method reference that has captured nothing. Where one is
 * forked many times, it is serialized once.
 */
final class ConstantTask {

    /** Of one, here for as long as its class is there, and in a worker. */
    static final int MOST_BYTES = 4 * 1024;

    private static final ClassValue<ConstantTask> OF_CLASS = new ClassValue<>() {
        @Override
        protected ConstantTask computeValue(Class<?> type) {
            return new ConstantTask();
        }
    };

    private volatile @Nullable Known known; // any thread; one is as good as another

    /** What was made of such a task, and that without the name. */
    private record Known(EncodedTask encoded, ByteBuffer objects, int epoch) {

        // However many wait in the queue, the objects are there once.
        @Nullable
        EncodedTask named(String name) {
            byte[] before = TaskName.toBytes(name);
            if (before.length + objects.remaining() > MOST_BYTES) {
                return null; // in all it has to fit a frame
            }
            Payload payload = Payload.of(before);
            payload.add(objects);
            return new EncodedTask(payload, encoded.classes(), encoded.lambda());
        }
    }

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
        Known found = OF_CLASS.get(type).known;
        if (found == null || found.epoch() != ProgramCode.ofThisJvm().state().epoch()) {
            return null; // it has to be checked again whether workers have the same code
        }
        return found.named(request.name());
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
            OF_CLASS.get(request.task().getClass()).known = new Known(encoded, objects, epoch);
        }
    }
}
