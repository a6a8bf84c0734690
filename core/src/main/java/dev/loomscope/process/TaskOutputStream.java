package dev.loomscope.process;

import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamException;
import java.io.OutputStream;
import java.lang.invoke.SerializedLambda;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** An object stream that remembers what went through it: the classes, the first lambda, the last object. */
final class TaskOutputStream extends ObjectOutputStream {

    private final Set<Class<?>> classes = new LinkedHashSet<>();
    private @Nullable SerializedLambda lambda;
    private @Nullable Object last;
    private boolean failed;

    TaskOutputStream(OutputStream out) throws IOException {
        super(out);
        enableReplaceObject(true);
    }

    /** The classes of everything written, in the order of their first appearance. */
    Set<Class<?>> classes() {
        return classes;
    }

    /** The first lambda or method reference written, the code of the task in most cases. */
    @Nullable
    SerializedLambda lambda() {
        return lambda;
    }

    /** The object written last, or, after a failure, the one at which it happened. */
    @Nullable
    Object last() {
        return last;
    }

    @Override
    protected void annotateClass(Class<?> type) {
        classes.add(type);
    }

    @Override
    protected Object replaceObject(Object object) {
        if (object instanceof ObjectStreamException) {
            failed = true; // the stream itself writes down why it fails
        }
        if (!failed) {
            last = object;
        }
        if (lambda == null && object instanceof SerializedLambda serialized) {
            lambda = serialized;
        }
        return object;
    }
}
