package dev.loomscope.process;

import dev.loomscope.core.TaskNotSerializableException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InvalidClassException;
import java.io.InvalidObjectException;
import java.io.NotSerializableException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.io.Serial;
import java.io.Serializable;
import java.lang.invoke.SerializedLambda;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Turns tasks and results into bytes and back, with the JDK's serialization and a fresh stream for each, so that a bad one
 * cannot spoil the next.
 */
final class TaskCodec {

    private static final String TASK_ADVICE =
            "Capture only the values that are needed, as local variables and not through 'this', make it Serializable or its"
                    + " field transient, or fork the task as IO or BLOCKING.";
    private static final String RESULT_ADVICE =
            "Return only values: make it Serializable or its field transient, or return what the caller needs of it.";

    private static final String WRITER_ADVICE = "Its own code for serialization threw: the cause says why.";
    private static final Set<String> WRITERS = Set.of("writeObject", "writeExternal", "writeReplace");

    private TaskCodec() {}

    /**
     * A task in bytes.
     *
     * @param classes those of all objects in it
     * @param lambda its code, if that is a lambda or method reference
     */
    record EncodedTask(
            Payload payload,
            Set<Class<?>> classes,
            @Nullable SerializedLambda lambda) {}

    /** A task read back: what a worker runs. */
    record DecodedTask(String name, Callable<?> task) {}

    // What travels: one object, so that a bad name or task is one failure.
    private record Envelope(String name, Callable<?> task) implements Serializable {
        @Serial
        private static final long serialVersionUID = 1L;
    }

    /**
     * Serializes a task with all that it captured.
     *
     * @throws TaskNotSerializableException with the path to what cannot be sent
     */
    static EncodedTask encodeTask(String name, Callable<?> task) {
        Payload.Sink sink = new Payload.Sink();
        TaskOutputStream out =
                write(sink, new Envelope(name, task), task, "CPU task '%s'".formatted(name), TASK_ADVICE);
        return new EncodedTask(sink.toPayload(), out.classes(), out.lambda());
    }

    /** Reads a task in a worker. What the objects in it do while they are read is the task's own doing. */
    static DecodedTask decodeTask(Payload payload) throws IOException, ClassNotFoundException {
        ObjectInputFilter filter = merged(info -> ResultFilter.exceeds(info, payload.size())
                ? ObjectInputFilter.Status.REJECTED
                : ObjectInputFilter.Status.UNDECIDED);
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        if (read(payload.toInputStream(), filter, List.of(loader)) instanceof Envelope envelope) {
            return new DecodedTask(envelope.name(), envelope.task());
        }
        throw new InvalidObjectException("what came is no task");
    }

    /**
     * Serializes a result in a worker.
     *
     * @throws TaskNotSerializableException with the path to what cannot be sent
     */
    static Payload encodeResult(String name, @Nullable Object result) {
        Payload.Sink sink = new Payload.Sink();
        write(sink, result, result, "the result of CPU task '%s'".formatted(name), RESULT_ADVICE);
        return sink.toPayload();
    }

    /**
     * Reads in the parent what a worker sent, which may be hostile.
     *
     * @throws InvalidClassException if the filter rejects it
     */
    static @Nullable Object decodeResult(InputStream bytes, ResultFilter filter)
            throws IOException, ClassNotFoundException {
        return read(bytes, merged(filter), filter.loaders());
    }

    private static TaskOutputStream write(
            Payload.Sink sink, @Nullable Object object, @Nullable Object root, String what, String advice) {
        TaskOutputStream out = null;
        try {
            out = new TaskOutputStream(sink);
            out.writeObject(object);
            out.flush();
            return out;
        } catch (NotSerializableException e) {
            throw notSerializable(what, root, out, "is not Serializable", advice, e);
        } catch (StackOverflowError e) {
            throw notSerializable(what, root, null, "is nested too deeply", "Send it in pieces or as an array.", e);
        } catch (IOException | RuntimeException e) {
            throw notSerializable(what, root, out, "could not be written (%s)".formatted(e), WRITER_ADVICE, e);
        }
    }

    private static TaskNotSerializableException notSerializable(
            String what,
            @Nullable Object root,
            @Nullable TaskOutputStream out,
            String problem,
            String advice,
            Throwable cause) {
        String blamed = blamedClass(out, cause);
        String path = blamed == null || root == null ? "" : ObjectPath.find(root, isCulprit(blamed, out));
        String which = blamed == null ? "it" : blamed;
        String reached = path.isEmpty() ? "" : ", reached by " + path;
        return new TaskNotSerializableException(
                "%s cannot be sent to another process: %s %s%s. %s".formatted(what, which, problem, reached, advice),
                path,
                cause);
    }

    // The object at which the stream stopped; but if its owner's own method threw,
    // that is in the trace of what it threw.
    private static @Nullable String blamedClass(@Nullable TaskOutputStream out, Throwable cause) {
        if (out == null) {
            return null;
        }
        Optional<String> writer = Arrays.stream(cause.getStackTrace())
                .filter(frame -> WRITERS.contains(frame.getMethodName()))
                .map(StackTraceElement::getClassName)
                .takeWhile(name -> !name.equals(ObjectOutputStream.class.getName()))
                .filter(name -> !name.startsWith("java."))
                .findFirst();
        Object last = out.last();
        return writer.orElse(last == null ? null : last.getClass().getTypeName());
    }

    private static Predicate<Object> isCulprit(String blamed, @Nullable TaskOutputStream out) {
        Object last = out == null ? null : out.last();
        boolean stopped = last != null && last.getClass().getTypeName().equals(blamed);
        return stopped
                ? object -> object == last
                : object -> object.getClass().getTypeName().equals(blamed);
    }

    private static @Nullable Object read(InputStream bytes, ObjectInputFilter filter, List<ClassLoader> loaders)
            throws IOException, ClassNotFoundException {
        try (TaskInputStream in = new TaskInputStream(bytes, loaders)) {
            in.setObjectInputFilter(filter);
            return in.readObject();
        }
    }

    // A stream's filter replaces the one of the JVM: keep both.
    private static ObjectInputFilter merged(ObjectInputFilter ours) {
        ObjectInputFilter global = ObjectInputFilter.Config.getSerialFilter();
        return global == null ? ours : ObjectInputFilter.merge(ours, global);
    }

    private static final class TaskInputStream extends ObjectInputStream {
        private final List<ClassLoader> loaders;

        TaskInputStream(InputStream in, List<ClassLoader> loaders) throws IOException {
            super(in);
            this.loaders = loaders;
        }

        @Override
        protected Class<?> resolveClass(ObjectStreamClass description) throws IOException, ClassNotFoundException {
            for (ClassLoader loader : loaders) {
                try {
                    return Class.forName(description.getName(), false, loader);
                } catch (ClassNotFoundException e) {
                    // the next loader may know it, and at last the stream's own rules, which also know primitives
                }
            }
            return super.resolveClass(description);
        }
    }
}
