package dev.loomscope.core;

import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.lang.invoke.SerializedLambda;
import org.jspecify.annotations.Nullable;

/**
 * Asks a serializable lambda which method implements it.
 *
 * <p>A lambda object says so only to serialization, through a private {@code writeReplace} that we could call ourselves
 * only if its package were open to us. {@link ObjectOutputStream} may always call it, so we let that start and stop it
 * as soon as it shows us the {@link SerializedLambda}: nothing that the lambda captured is serialized.
 */
final class LambdaInspector {

    private LambdaInspector() {}

    /** Returns what the lambda says, or null if the task is no lambda or is not serializable. */
    static @Nullable SerializedLambda inspect(Object task) {
        Class<?> type = task.getClass();
        // Nobody else's writeReplace is run: it might have effects, or throw.
        if (!(task instanceof Serializable) || !type.isHidden() || !type.isSynthetic()) {
            return null;
        }
        return ForeignClasses.orAbsent(type, () -> {
            try (var trap = new Trap()) {
                trap.writeObject(task);
                return trap.caught;
            }
        });
    }

    private static final class Trap extends ObjectOutputStream {
        private @Nullable SerializedLambda caught; // owner thread only

        Trap() throws IOException {
            super(OutputStream.nullOutputStream());
            enableReplaceObject(true);
        }

        @Override
        protected @Nullable Object replaceObject(Object object) {
            if (object instanceof SerializedLambda lambda) {
                caught = lambda;
            }
            return null; // goes no further
        }
    }
}
