package dev.loomscope.process;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Somebody else listens where a worker connects: he hears its secret, and has not that of its pool. */
class RogueListenerTest {

    @TempDir
    Path folder;

    /** Where the name of the socket's folder is long, the socket is a port. */
    @ParameterizedTest
    @CsvSource({"1, nothing", "1, what the worker said", "200, nothing", "200, what the worker said"})
    void aWorkerTakesNothingFromWhoeverListensInPlaceOfItsPool(int length, String answer) throws Exception {
        String trace = folder.resolve("trace").toString();
        Path printed = folder.resolve("printed");
        ProcessPoolConfig config =
                ProcessPoolConfig.defaults().withMaxHeapMiB(64).withWorkerInit(() -> Work.touch(trace));
        WorkerFolder own = WorkerFolder.create();
        try (WorkerSocket rogue =
                WorkerSocket.bind(new WorkerFolder(Files.createDirectory(folder.resolve("s".repeat(length)))))) {
            WorkerBootstrap bootstrap = WorkerBootstrap.create(rogue.address(), "w1");
            Process worker = WorkerCommand.create(config, own)
                    .redirectErrorStream(true)
                    .redirectOutput(printed.toFile())
                    .start();
            try {
                bootstrap.writeTo(worker.getOutputStream());
                FrameChannel channel = new FrameChannel(rogue.accept());
                Frame hello = channel.read();
                if (!answer.equals("nothing")) {
                    channel.write(Frame.of(Frame.Type.WELCOME, 0, secretIn(hello)));
                }

                assertThatThrownBy(() -> WorkerSetup.send(channel, config)).isInstanceOf(IOException.class);
                assertThat(worker.waitFor(PoolRun.PATIENCE.toSeconds(), SECONDS))
                        .isTrue();
                assertThat(worker.exitValue()).isEqualTo(1);
                assertThat(printed).content().contains("somebody else listens at " + rogue.address());
                assertThat(Path.of(trace)).doesNotExist();
            } finally {
                worker.destroyForcibly();
                own.delete();
            }
        }
    }

    // After the version.
    private static byte[] secretIn(Frame hello) throws ProtocolException {
        byte[] secret = new byte[32];
        ByteBuffer body = hello.body().duplicate();
        body.position(Integer.BYTES).get(secret);
        return secret;
    }
}
