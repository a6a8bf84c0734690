package dev.loomscope.process;

import java.nio.ByteBuffer;

/**
 * One unit of the protocol between a pool and a worker: a header of 16 bytes (type, flags, two reserved zeros, length of the
 * body, task id), then the body.
 *
 * <p>Bodies longer than {@link #MAX_BODY} travel as several frames, all but the last flagged {@code more}; between them the
 * other side can be told to stop.
 *
 * @param taskId the task that it is about, 0 where it is about none
 * @param more whether the next frame of this type continues the body
 * @param lost how many bytes of the body were read and not kept, for want of memory: all, or none
 */
record Frame(Type type, long taskId, boolean more, ByteBuffer body, int lost) {

    static final int HEADER_BYTES = 16;
    static final int MAX_BODY = 256 * 1024;

    private static final int FLAG_MORE = 1;
    private static final ByteBuffer EMPTY = ByteBuffer.allocate(0).asReadOnlyBuffer();

    /** What a frame says. The codes are the wire format: never reuse one. */
    enum Type {
        /** Pool to worker: run this task. */
        TASK(1),
        /** Pool to worker: stop this task; the body is the reason, in UTF-8. */
        CANCEL(2),
        /** Pool to worker: exit. */
        RETIRE(3),
        /** Pool to worker: how long the task that follows may take, a {@code long} of ns. */
        TIME(4),
        /** Pool to worker: what it has to know before its first task; after its init, if there is one. */
        SETUP(5),
        /** Pool to worker: first frame, proves who it is. */
        WELCOME(6),
        /** Pool to worker: the settings of the parent from the next task on, as {@link ParentWorld} writes them. */
        WORLD(7),
        /** Pool to worker: how much is in your heap? In place of the task id, the bytes from which on it should collect first. */
        ASK_HEAP(8),
        /** Worker to pool: first frame, proves who it is. */
        HELLO(16),
        /** Worker to pool: warmed up. */
        READY(17),
        /** Worker to pool: the code of the task runs, for a millisecond already; or is about to, where there is no {@link BegunMark}. */
        STARTED(18),
        /** Worker to pool: the task's result. */
        RESULT(19),
        /** Worker to pool: what the task threw, or its init instead of {@code READY}. */
        FAILURE(20),
        /** Worker to pool: a task that was cancelled before it was complete has been dropped. */
        DROPPED(21),
        /** Worker to pool: what the task threw, after which this worker should not have another. */
        FATAL(22),
        /** Worker to pool: how far the task is; the latest counts, and none has to come. */
        PROGRESS(23),
        /** Worker to pool: something in it has called {@code System.exit}; the body is an {@link ExitCall}. */
        EXITING(27),
        /** Worker to pool: in place of the task id, how many bytes are in its heap. */
        HEAP(30);

        private final int code;

        Type(int code) {
            this.code = code;
        }

        static Type of(int code) throws ProtocolException {
            for (Type type : values()) {
                if (type.code == code) {
                    return type;
                }
            }
            throw new ProtocolException("unknown frame type " + code);
        }
    }

    Frame(Type type, long taskId, boolean more, ByteBuffer body) {
        this(type, taskId, more, body, 0);
    }

    static Frame of(Type type, long taskId) {
        return new Frame(type, taskId, false, EMPTY.duplicate());
    }

    static Frame of(Type type, long taskId, byte[] body) {
        return new Frame(type, taskId, false, ByteBuffer.wrap(body));
    }

    /**
     * Guards frames that say all by their type.
     *
     * @throws ProtocolException if it has a body, or more to come
     */
    void ensureEmpty() throws ProtocolException {
        if (more || body.hasRemaining()) {
            throw new ProtocolException("%s with %s bytes, which has none".formatted(type, body.remaining()));
        }
    }

    /** The length of the body, also of one that was lost. */
    int length() {
        return body.remaining() + lost;
    }

    /** Returns a frame that can be kept at no cost. */
    Frame withoutBody() {
        return new Frame(type, taskId, more, EMPTY);
    }

    void putHeader(ByteBuffer target) {
        target.put((byte) type.code)
                .put((byte) (more ? FLAG_MORE : 0))
                .putShort((short) 0)
                .putInt(body.remaining())
                .putLong(taskId);
    }

    /** What {@link #putHeader} wrote. */
    record Header(Type type, boolean more, int length, long taskId) {

        static Header read(ByteBuffer source) throws ProtocolException {
            Type type = Type.of(source.get());
            int flags = source.get();
            int reserved = source.getShort();
            int length = source.getInt();
            long taskId = source.getLong();
            if ((flags & ~FLAG_MORE) != 0 || reserved != 0) {
                throw new ProtocolException("frame %s has unknown flags %#x, %#x".formatted(type, flags, reserved));
            }
            if (length < 0 || length > MAX_BODY) {
                throw new ProtocolException(
                        "frame %s claims %s bytes, allowed are 0 to %s".formatted(type, length, MAX_BODY));
            }
            return new Header(type, (flags & FLAG_MORE) != 0, length, taskId);
        }

        Frame withBody(ByteBuffer body) {
            return new Frame(type, taskId, more, body);
        }

        Frame withLostBody() {
            return new Frame(type, taskId, more, EMPTY, length);
        }
    }
}
