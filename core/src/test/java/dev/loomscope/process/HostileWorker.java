package dev.loomscope.process;

import dev.loomscope.core.Task;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;

/**
 * What code does that has taken a worker over: it has got hold of the channel to the pool, and says there what it likes. All but
 * {@link #open} is called in the worker.
 *
 * <p>After {@link #takeOver} the tasks of that worker run as before, but nobody answers for them: they do it themselves, with
 * {@link #say} and the like.
 */
final class HostileWorker {

    private static WorkerSession session;
    private static long taskId;

    private HostileWorker() {}

    /** Opens a pool whose workers can be taken over. */
    static ProcessPool open(UnaryOperator<ProcessPoolConfig> configure) {
        return ProcessPool.open(c -> configure.apply(
                c.withName("hostile").withWorkers(1).withJvmOptions("--add-opens=java.base/java.lang=ALL-UNNAMED")));
    }

    /** Takes over the worker that runs this as its task. */
    static Void takeOver() throws Exception {
        session = find(WorkerSession.class, threadNamed("loom-scope-report"));
        ReadingTurn turn = (ReadingTurn) read("turn", session);
        taskId = (long) read("lastId", read("source", turn));
        ((ReentrantLock) read("lock", read("outbox", session))).lock(); // nobody else says anything any more
        sayResult(null);
        for (Assignment next = turn.next(); next != null; next = turn.next()) {
            taskId = next.taskId();
            ArrivedTask arrived = new ArrivedTask(next.payload());
            arrived.readContext();
            arrived.readTask().call();
        }
        return null;
    }

    /** The id of the task that runs. */
    static long taskId() {
        return taskId;
    }

    /** Sends a frame about the task that runs. */
    static void say(Frame.Type type, byte... body) throws IOException {
        say(type, taskId, false, body);
    }

    static void say(Frame.Type type, long about, boolean more, byte... body) throws IOException {
        channel().write(new Frame(type, about, more, ByteBuffer.wrap(body)));
    }

    /** Answers as an honest worker does. */
    static void sayResult(Object result) throws IOException {
        for (Frame frame : TaskCodec.encodeResult("hostile", result).toFrames(Frame.Type.RESULT, taskId)) {
            channel().write(frame);
        }
    }

    /** Sends these bytes as the result, in as many frames as they need. */
    static void sayBytes(Frame.Type type, byte[] bytes) throws IOException {
        Payload.Sink sink = new Payload.Sink();
        sink.write(bytes, 0, bytes.length);
        for (Frame frame : sink.toPayload().toFrames(type, taskId)) {
            channel().write(frame);
        }
    }

    /** Sends bytes that need be no frame. */
    static void sayRaw(byte[] bytes) throws IOException, ReflectiveOperationException {
        ByteBuffer left = ByteBuffer.wrap(bytes);
        SocketChannel socket = (SocketChannel) read("socket", channel());
        while (left.hasRemaining()) {
            socket.write(left);
        }
    }

    /** What the JDK makes of an object, whatever it is. */
    static byte[] bytesOf(Object object) throws IOException {
        Payload.Sink sink = new Payload.Sink();
        try (ObjectOutputStream out = new ObjectOutputStream(sink)) {
            out.writeObject(object);
        }
        return sink.toPayload().toInputStream().readAllBytes();
    }

    /** Waits until it is killed. */
    static void hang() {
        try {
            Thread.sleep(60_000);
        } catch (InterruptedException e) {
            hang();
        }
    }

    static <T> PoolRun<T> start(ProcessPool pool, Task<T> attack) {
        return PoolRun.start(pool, "attack", attack);
    }

    private static FrameChannel channel() {
        try {
            return (FrameChannel) read("channel", session);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    private static Thread threadNamed(String name) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    // What a thread runs is a lambda that has captured its object.
    private static <T> T find(Class<T> type, Thread thread) throws ReflectiveOperationException {
        Field holder = Thread.class.getDeclaredField("holder");
        holder.setAccessible(true);
        Object code = read("task", holder.get(thread));
        Field captured = Arrays.stream(code.getClass().getDeclaredFields())
                .filter(field -> field.getType() == type)
                .findFirst()
                .orElseThrow();
        captured.setAccessible(true);
        return type.cast(captured.get(code));
    }

    private static Object read(String name, Object object) throws ReflectiveOperationException {
        Field field = object.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field.get(object);
    }
}
