package dev.loomscope.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serial;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a task threw, on its way from the worker: the exception itself in bytes, if it can be serialized, and a description
 * that can always be read.
 *
 * @param description class, message, stack, causes
 * @param exception the serialized exception, empty if it could not be serialized
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, and ByteBuffer is not Serializable
record RemoteFailure(Description description, byte[] exception) implements Serializable {

    @Serial
    private static final long serialVersionUID = 1L;

    private static final int MAX_DESCRIBED = 64;

    /** An exception in plain types. */
    record Description(
            String type,
            @Nullable String message,
            List<StackTraceElement> stack,
            @Nullable Description cause,
            List<Description> suppressed)
            implements Serializable {

        @Serial
        private static final long serialVersionUID = 1L;

        static Description of(Throwable exception) {
            return of(exception, Collections.newSetFromMap(new IdentityHashMap<>()));
        }

        private static Description of(Throwable exception, Set<Throwable> seen) {
            seen.add(exception);
            Throwable cause = exception.getCause();
            List<Description> suppressed = new ArrayList<>();
            for (Throwable other : exception.getSuppressed()) {
                if (seen.size() < MAX_DESCRIBED && !seen.contains(other)) {
                    suppressed.add(of(other, seen));
                }
            }
            return new Description(
                    exception.getClass().getName(),
                    exception.getMessage(),
                    List.of(exception.getStackTrace()),
                    cause != null && seen.size() < MAX_DESCRIBED && !seen.contains(cause) ? of(cause, seen) : null,
                    List.copyOf(suppressed));
        }

        RemoteTaskException toException() {
            RemoteTaskException copy = new RemoteTaskException(type, message);
            copy.setStackTrace(stack.toArray(StackTraceElement[]::new));
            if (cause != null) {
                copy.initCause(cause.toException());
            }
            suppressed.forEach(other -> copy.addSuppressed(other.toException()));
            return copy;
        }
    }

    /** Describes what a task threw; in the worker. The exception may be of the worst kind: all of its methods are user code. */
    static RemoteFailure of(Throwable thrown) {
        return new RemoteFailure(described(thrown), serialized(thrown));
    }

    private static Description described(Throwable thrown) {
        try {
            return Description.of(thrown);
        } catch (Throwable e) {
            String message = "(it could not be described: " + e.getClass().getName() + ")";
            return new Description(thrown.getClass().getName(), message, List.of(), null, List.of());
        }
    }

    private static byte[] serialized(Throwable thrown) {
        Payload.Sink sink = new Payload.Sink();
        try (ObjectOutputStream out = new ObjectOutputStream(sink)) {
            out.writeObject(thrown);
            out.flush();
            return sink.isTooLarge()
                    ? new byte[0]
                    : sink.toPayload().toInputStream().readAllBytes();
        } catch (Throwable e) {
            return new byte[0]; // the description stands in for it
        }
    }

    Payload toPayload() throws IOException {
        Payload.Sink sink = new Payload.Sink();
        try (ObjectOutputStream out = new ObjectOutputStream(sink)) {
            out.writeObject(this);
        }
        if (sink.isTooLarge()) {
            throw new IOException("what the task threw has " + sink.describe());
        }
        return sink.toPayload();
    }

    /** Reads one that a worker sent; nothing but its own plain types is accepted. */
    static RemoteFailure read(Payload payload, ResultReader reader) throws Exception {
        return reader.read(payload, SerialScan.Form.DESCRIPTION, sent -> read(sent.toInputStream(), sent.size()));
    }

    private static RemoteFailure read(InputStream bytes, long size) throws IOException, ClassNotFoundException {
        try (ObjectInputStream in = new ObjectInputStream(bytes)) {
            StreamLimits limits = new StreamLimits(size);
            in.setObjectInputFilter(info ->
                    limits.exceeds(info) ? ObjectInputFilter.Status.REJECTED : plainTypesOnly(info.serialClass()));
            return (RemoteFailure) in.readObject();
        }
    }

    private static ObjectInputFilter.Status plainTypesOnly(@Nullable Class<?> type) {
        if (type == null) {
            return ObjectInputFilter.Status.UNDECIDED;
        }
        Class<?> element = type.isArray() ? type.getComponentType() : type;
        boolean plain = element.isPrimitive()
                || element == RemoteFailure.class
                || element == Description.class
                || element == StackTraceElement.class
                || element == Object.class
                || element == String.class
                || element.getName().equals("java.util.CollSer") // how List.of travels
                || element.getName().startsWith("java.util.ImmutableCollections$"); // and what becomes of it
        return plain ? ObjectInputFilter.Status.ALLOWED : ObjectInputFilter.Status.REJECTED;
    }

    /** Makes the exception that the caller sees: itself if it may be read, else its stand-in. */
    Throwable toThrowable(ResultFilter filter, ResultReader reader) {
        if (exception.length > 0) {
            try {
                Object read = reader.read(
                        Payload.of(exception), SerialScan.Form.RESULT, sent -> TaskCodec.decodeResult(sent, filter));
                if (read instanceof Throwable thrown) {
                    return thrown;
                }
            } catch (Throwable e) { // whatever its own code comes to
                RemoteTaskException standIn = description.toException();
                standIn.addSuppressed(e);
                return standIn;
            }
        }
        return description.toException();
    }
}
