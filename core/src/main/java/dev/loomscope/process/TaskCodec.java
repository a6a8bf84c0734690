package dev.loomscope.process;

import dev.loomscope.core.CpuRequest;
import dev.loomscope.core.TaskContext;
import dev.loomscope.core.TaskNotSerializableException;
import dev.loomscope.process.TaskOutputStream.Part;
import java.io.IOException;
import java.io.InvalidClassException;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.lang.invoke.SerializedLambda;
import java.util.Arrays;
import java.util.Map;
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
    private static final String CONTEXT_ADVICE =
            "Bind a value that is Serializable, or make its field transient, or fork the task where it is not bound.";
    private static final String RESULT_ADVICE =
            "Return only values: make it Serializable or its field transient, or return what the caller needs of it.";
    private static final String DEPTH_ADVICE = "Send it in pieces or as an array.";
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

    /**
     * Serializes a task with all that it captured, and what travels with it.
     *
     * @throws TaskNotSerializableException with the path to what cannot be sent, or with the size of what is too large; or if a worker
     *     would not know it
     * @throws CodeChangedException if a worker would run other code
     */
    static EncodedTask encodeTask(CpuRequest<?> request, PayloadLimit limit) {
        EncodedTask known = ConstantTask.find(request);
        if (known != null && known.payload().size() <= limit.bytes()) {
            return known;
        }
        EncodedTask encoded = encodeTask(request.name(), request.context(), request.task(), limit);
        TaskReach.ensureReachable(request.name(), encoded.classes());
        ConstantTask.keep(request, encoded, ProgramCode.ofThisJvm().state().epoch());
        return encoded;
    }

    /** As {@link #encodeTask(CpuRequest, PayloadLimit)}; {@link ArrivedTask} is the other end. */
    static EncodedTask encodeTask(String name, TaskContext context, Callable<?> task) {
        return encodeTask(name, context, task, PayloadLimit.ofProtocol());
    }

    private static EncodedTask encodeTask(String name, TaskContext context, Callable<?> task, PayloadLimit limit) {
        Part whole = new Part("CPU task '" + name + "'", task, TASK_ADVICE);
        Payload.Sink sink = new Payload.Sink(limit);
        byte[] bytesOfName = TaskName.toBytes(name);
        sink.write(bytesOfName, 0, bytesOfName.length);
        TaskOutputStream out = write(sink, whole, stream -> {
            writeContext(context, whole.what(), stream);
            stream.begin(whole);
            stream.writeObject(task);
        });
        return new EncodedTask(sink.toPayload(), out.classes(), out.lambda());
    }

    private static void writeContext(TaskContext context, String task, TaskOutputStream stream) throws IOException {
        Map<String, @Nullable String> log = context.log();
        stream.writeInt(log.size());
        for (Map.Entry<String, @Nullable String> entry : log.entrySet()) {
            stream.writeObject(entry.getKey());
            stream.writeObject(entry.getValue());
        }
        Map<String, Object> values = context.values();
        stream.writeInt(values.size());
        for (Map.Entry<String, Object> entry : values.entrySet()) {
            String what = "context value '%s' of %s".formatted(entry.getKey(), task);
            stream.writeObject(entry.getKey());
            stream.begin(new Part(what, entry.getValue(), CONTEXT_ADVICE));
            stream.writeObject(entry.getValue());
        }
    }

    /**
     * Serializes a result in a worker.
     *
     * @throws TaskNotSerializableException with the path to what cannot be sent, or with the size of what is too large
     */
    static Payload encodeResult(String name, @Nullable Object result) {
        // An array that is in something else may be a buffer of its own code for serialization, which uses it again.
        Payload.Sink sink = new Payload.Sink(PayloadLimit.ofProtocol(), result);
        Part whole = new Part("the result of CPU task '" + name + "'", result, RESULT_ADVICE);
        write(sink, whole, stream -> stream.writeObject(result));
        return sink.toPayload();
    }

    /**
     * Reads in the parent what a worker sent, which may be hostile.
     *
     * @throws InvalidClassException if the filter rejects it
     */
    static @Nullable Object decodeResult(Payload payload, ResultFilter filter)
            throws IOException, ClassNotFoundException {
        filter.restart();
        try (TaskInputStream in = new TaskInputStream(payload, filter, filter.loaders())) {
            return in.readObject();
        }
    }

    private static TaskOutputStream write(Payload.Sink sink, Part whole, Content content) {
        TaskOutputStream out = null;
        try {
            out = new TaskOutputStream(sink, whole);
            content.writeTo(out);
            out.flush();
        } catch (NotSerializableException e) {
            throw notSerializable(whole, out, "is not Serializable", null, e);
        } catch (StackOverflowError e) {
            throw notSerializable(whole, out, "is nested too deeply", DEPTH_ADVICE, e);
        } catch (IOException | RuntimeException e) {
            throw notSerializable(whole, out, "could not be written (%s)".formatted(e), WRITER_ADVICE, e);
        }
        if (sink.isTooLarge()) {
            throw new TaskNotSerializableException(
                    "%s cannot be sent to another process: it has %s".formatted(whole.what(), sink.describe()),
                    "",
                    null);
        }
        return out;
    }

    private static TaskNotSerializableException notSerializable(
            Part whole, @Nullable TaskOutputStream out, String problem, @Nullable String advice, Throwable cause) {
        Part part = out == null ? whole : out.part();
        boolean tooDeep = cause instanceof StackOverflowError; // for a search, too
        String blamed = tooDeep ? null : blamedClass(out, cause);
        Object root = part.root();
        String path = blamed == null || root == null ? "" : ObjectPath.find(root, isCulprit(blamed, out));
        String which = blamed == null ? "it" : blamed;
        String reached = path.isEmpty() ? "" : ", reached by " + path;
        String general = advice == null ? part.advice() : advice;
        String ofLanguage =
                advice != null || out == null ? null : LanguageAdvice.about(out.last(), path, out.classes());
        return new TaskNotSerializableException(
                "%s cannot be sent to another process: %s %s%s. %s"
                        .formatted(part.what(), which, problem, reached, ofLanguage == null ? general : ofLanguage),
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

    /** What goes into a stream. */
    @FunctionalInterface
    private interface Content {
        void writeTo(TaskOutputStream out) throws IOException;
    }
}
