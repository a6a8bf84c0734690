package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.core.Task;
import dev.loomscope.core.TaskContext;
import java.io.ByteArrayOutputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Bytes that are no task, sent to a real worker by somebody who is no pool: in the place of the name, of the context and of the task
 * itself. It says what is wrong with them, and goes on.
 */
class HostileTaskTest {

    private static Map<String, byte[]> bombs;
    private static Process process;
    private static FrameChannel channel;
    private static long lastId;

    @TempDir
    static Path folder;

    @BeforeAll
    static void start() throws Exception {
        bombs = Payloads.bombs();
        // Nothing bounds what a task computes in its worker: these would run until they are killed.
        bombs.keySet().removeIf(name -> name.contains("share"));
        WorkerFolder own = new WorkerFolder(folder);
        try (WorkerSocket socket = WorkerSocket.bind(own)) {
            process = WorkerCommand.create(ProcessPoolConfig.defaults(), own)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            WorkerBootstrap bootstrap = WorkerBootstrap.create(socket.address(), "w1");
            bootstrap.writeTo(process.getOutputStream());
            channel = new Handshake(bootstrap, PoolThreads.daemons()).meet(socket);
        }
        assertThat(WorkerSetup.send(channel, ProcessPoolConfig.defaults())).isNull();
    }

    @AfterAll
    static void end() throws Exception {
        try {
            Task<Integer> task = () -> 6 * 7;
            Frame reply = reply(TaskCodec.encodeTask("good", TaskContext.EMPTY, task)
                    .payload()
                    .toInputStream()
                    .readAllBytes());
            assertThat(reply.type()).isEqualTo(Frame.Type.RESULT);
        } finally {
            channel.close();
            process.destroyForcibly().waitFor();
        }
    }

    static Stream<String> bombs() {
        return bombs.keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("bombs")
    void aBombIsNoTaskAndTheWorkerGoesOn(String name) throws Exception {
        byte[] bomb = bombs.get(name);

        assertThat(reply(bomb).type()).isEqualTo(Frame.Type.FAILURE);
        assertThat(reply(taskWith(out -> out.writeObject("name"), bomb)).type()).isEqualTo(Frame.Type.FAILURE);
        assertThat(reply(taskWith(
                                out -> {
                                    out.writeObject("name");
                                    out.writeInt(0);
                                    out.writeInt(0);
                                },
                                bomb))
                        .type())
                .isEqualTo(Frame.Type.FAILURE);
    }

    // The beginning of a task, then an object that is what the bomb is.
    private static byte[] taskWith(Beginning beginning, byte[] bomb) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            beginning.writeTo(out);
        }
        bytes.write(bomb, Math.min(4, bomb.length), Math.max(0, bomb.length - 4));
        return bytes.toByteArray();
    }

    private static Frame reply(byte[] task) throws Exception {
        lastId++;
        Payload.Sink sink = new Payload.Sink();
        sink.write(task, 0, task.length);
        for (Frame frame : sink.toPayload().toFrames(Frame.Type.TASK, lastId)) {
            channel.write(frame);
        }
        Frame first = channel.read();
        Frame reply = first.type() == Frame.Type.STARTED ? channel.read() : first;
        for (Frame next = reply; next.more(); ) {
            next = channel.read();
        }
        assertThat(reply.taskId()).isEqualTo(lastId);
        return reply;
    }

    @FunctionalInterface
    private interface Beginning {
        void writeTo(ObjectOutputStream out) throws Exception;
    }
}
