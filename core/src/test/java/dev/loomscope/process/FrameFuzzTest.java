package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.loomscope.core.Task;
import dev.loomscope.core.TaskContext;
import java.io.IOException;
import java.io.ObjectInputFilter;
import java.lang.management.ManagementFactory;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Frames with something wrong, and all that this JVM does with them: none lets it hang, none fills its memory, none makes it throw
 * anything that is not expected. {@code -Dfuzz.frames=1000000 -Dfuzz.seed=7} for more of them, or the same again.
 */
class FrameFuzzTest {

    private static final int FRAMES = Integer.getInteger("fuzz.frames", 10_000);
    private static final long SEED = Long.getLong("fuzz.seed", System.nanoTime());
    private static final int MIB = 1 << 20;
    private static final long MOST_NANOS = 20_000_000_000L; // for one of them, on a machine that does much else

    private final Random random = new Random(SEED);
    private final ResultMemory memory = new ResultMemory(4 * MIB);
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @TempDir
    Path folder;

    @Test
    @Timeout(3600)
    void mutatedFramesCauseNothingButIoExceptions() throws Exception {
        WorkerBootstrap bootstrap = WorkerBootstrap.create("unix:/s", "w1");
        byte[] result = Payloads.of(List.of("a", 1));
        ByteBuffer conversation = ByteBuffer.allocate(1024);
        for (Frame frame : List.of(
                bootstrap.toHello(),
                Frame.of(Frame.Type.READY, 0),
                Frame.of(Frame.Type.STARTED, 1),
                new ProgressReport(0.5, "half").toFrame(1),
                Frame.of(Frame.Type.RESULT, 1, result),
                Frame.of(Frame.Type.STARTED, 2),
                Frame.of(Frame.Type.EXITING, 0, new byte[] {0, 1, 'x', 0}),
                Frame.of(Frame.Type.FAILURE, 2, result))) {
            frame.putHeader(conversation);
            conversation.put(frame.body().duplicate());
        }
        byte[] original = java.util.Arrays.copyOf(conversation.array(), conversation.position());
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("s"));
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(address);
            for (int i = 0; i < FRAMES; i++) {
                byte[] mutated = mutated(original);
                guarded(i, () -> {
                    try (SocketChannel left = SocketChannel.open(address);
                            SocketChannel right = server.accept()) {
                        left.write(ByteBuffer.wrap(mutated));
                        left.close();
                        hear(right, bootstrap);
                    } catch (IOException e) {
                        // what it may throw
                    }
                });
            }
        }
        assertThat(memory.taken()).isZero();
    }

    private void hear(SocketChannel socket, WorkerBootstrap bootstrap) throws IOException {
        try (FrameChannel channel = new FrameChannel(socket);
                ReplyAssembly replies = new ReplyAssembly(memory)) {
            while (true) {
                Frame frame = channel.read();
                switch (frame.type()) {
                    case HELLO -> bootstrap.verifyHello(frame);
                    case PROGRESS -> ProgressReport.read(frame);
                    case EXITING -> ExitCall.read(frame);
                    case STARTED, DROPPED -> frame.ensureEmpty();
                    case RESULT, FAILURE, FATAL -> {
                        WorkerReply reply = replies.add(frame, null);
                        if (reply != null) {
                            memory.release(reply.bytes());
                        }
                    }
                    default -> {}
                }
            }
        }
    }

    @Test
    @Timeout(3600)
    void mutatedObjectsCauseNothingButExceptions() throws Exception {
        List<byte[]> originals = new ArrayList<>(Payloads.bombs().values());
        originals.removeIf(bomb -> bomb.length == 0 || bomb.length > 10_000);
        originals.add(Payloads.of(Map.of("key", List.of(1, 2L, 3.0, new int[3], new Object[] {null, "x"}))));
        originals.add(Payloads.of(new IllegalStateException("a", new IOException("b"))));
        originals.add(
                Payloads.of(new java.util.TreeMap<>(Map.of(java.time.Instant.EPOCH, java.time.DayOfWeek.FRIDAY))));
        Task<String> task = () -> "any";
        TaskCodec.EncodedTask encoded = TaskCodec.encodeTask("any", TaskContext.EMPTY, task);
        for (int i = 0; i < FRAMES; i++) {
            Payload payload = Payload.of(mutated(originals.get(random.nextInt(originals.size()))));
            boolean description = random.nextInt(4) == 0;
            guarded(i, () -> {
                try {
                    read(payload, encoded, description);
                } catch (Exception | LinkageError | StackOverflowError | InternalError e) {
                    // what PoolJob makes the failure of the task; the last is what the JDK has for a Map.of of three
                }
            });
        }
        assertThat(memory.taken()).isZero();
    }

    private void read(Payload payload, TaskCodec.EncodedTask task, boolean description) throws Exception {
        ResultReader reader = new ResultReader(memory);
        if (description) {
            RemoteFailure.read(payload, reader);
            return;
        }
        ResultFilter filter = new ResultFilter(task, payload.size(), info -> ObjectInputFilter.Status.UNDECIDED);
        reader.read(payload, SerialScan.Form.RESULT, bytes -> TaskCodec.decodeResult(bytes, filter));
    }

    // A few changes: of bits, bytes or lengths; something taken out, doubled or cut off.
    private byte[] mutated(byte[] original) {
        byte[] bytes = original.clone();
        for (int changes = 1 + random.nextInt(4); changes > 0 && bytes.length > 4; changes--) {
            int at = random.nextInt(bytes.length - 4);
            switch (random.nextInt(7)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt();
                case 2 -> ByteBuffer.wrap(bytes).putInt(at, random.nextInt() >>> random.nextInt(32));
                case 3 -> ByteBuffer.wrap(bytes).putInt(at, -random.nextInt(3));
                case 4 -> bytes = joined(bytes, at, at + random.nextInt(bytes.length - at));
                case 5 -> bytes = joined(bytes, at + random.nextInt(bytes.length - at), at);
                default -> bytes = java.util.Arrays.copyOf(bytes, at);
            }
        }
        return bytes;
    }

    // What comes before one place, then what comes after the other.
    private static byte[] joined(byte[] bytes, int end, int begin) {
        byte[] joined = java.util.Arrays.copyOf(bytes, end + bytes.length - begin);
        System.arraycopy(bytes, begin, joined, end, bytes.length - begin);
        return joined;
    }

    private void guarded(int number, Step step) throws Exception {
        long allocated = threads.getCurrentThreadAllocatedBytes();
        long began = System.nanoTime();
        try {
            step.run();
        } catch (Throwable e) {
            throw new AssertionError("number %d of seed %d".formatted(number, SEED), e);
        }
        assertThat(System.nanoTime() - began)
                .as("number %d of seed %d", number, SEED)
                .isLessThan(MOST_NANOS);
        assertThat(threads.getCurrentThreadAllocatedBytes() - allocated)
                .as("number %d of seed %d", number, SEED)
                .isLessThan(16 * MIB);
    }

    @FunctionalInterface
    private interface Step {
        void run() throws Exception;
    }
}
