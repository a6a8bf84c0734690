package dev.loomscope.process;

import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamException;
import java.io.Serializable;
import java.lang.invoke.SerializedLambda;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** An object stream that remembers what went through it: the classes, the part it is at and its first lambda, the last object. */
final class TaskOutputStream extends ObjectOutputStream {

    private final Payload.Sink sink;
    private final Set<Class<?>> classes = new LinkedHashSet<>();
    private Part part;
    private @Nullable SerializedLambda lambda;
    private @Nullable Object last;
    private boolean failed;

    /**
     * Something that is written as a whole, for messages about it.
     *
     * @param what how they call it
     * @param root the object that is written
     * @param advice what to do if it cannot be
     */
    record Part(String what, @Nullable Object root, String advice) {}

    /**
     * Makes one.
     *
     * @param first what is written first
     */
    TaskOutputStream(Payload.Sink sink, Part first) throws IOException {
        super(sink);
        this.sink = sink;
        this.part = first;
        enableReplaceObject(true);
    }

    /** What is written from now on belongs to this part. */
    void begin(Part next) {
        part = next;
        lambda = null;
    }

    /** What is written now. */
    Part part() {
        return part;
    }

    /** The classes of everything written, in the order of their first appearance. */
    Set<Class<?>> classes() {
        return classes;
    }

    /** The first lambda or method reference of the part, the code of the task in most cases. */
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
        if (type != ArrayStub.class) { // not the task's own
            classes.add(type);
        }
    }

    @Override
    protected @Nullable Object replaceObject(Object object) {
        if (object instanceof ArrayStub stub) {
            return stub.array(); // a second time, and not shared: it needs another one
        }
        ArrayStub stub = sink.hold(object);
        if (stub != null) {
            return stub;
        }
        if (object instanceof ObjectStreamException) {
            failed = true; // the stream itself writes down why it fails
        }
        if (!failed) {
            last = object;
        }
        if (lambda == null && object instanceof SerializedLambda serialized) {
            lambda = serialized;
        }
        return object instanceof Serializable ? MethodClosureStub.replace(object) : SingletonStub.replace(object);
    }
}
