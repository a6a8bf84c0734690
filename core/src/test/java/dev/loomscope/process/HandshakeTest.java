package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** Who gets in at a worker's socket: real connections to a real one, of either kind. */
@ParameterizedClass
@ValueSource(ints = {1, 200})
class HandshakeTest {

    /** Of the folder's name: where it is long, the socket is a port of the loopback interface, where anybody can connect. */
    @Parameter
    int length;

    @TempDir
    Path folder;

    private final AtomicInteger listening = new AtomicInteger();
    private final List<SocketChannel> opened = new ArrayList<>();
    private WorkerSocket socket;
    private WorkerBootstrap bootstrap;
    private CompletableFuture<FrameChannel> met;

    @BeforeEach
    void open() throws Exception {
        socket = listen(Files.createDirectory(folder.resolve("s".repeat(length))));
        bootstrap = WorkerBootstrap.create(socket.address(), "w1");
        PoolThreads threads = (name, action) -> PoolThreads.daemons().start(name, () -> {
            listening.incrementAndGet();
            try {
                action.run();
            } finally {
                listening.decrementAndGet();
            }
        });
        Handshake handshake = new Handshake(bootstrap, threads);
        met = CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return handshake.meet(socket);
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                },
                action -> Thread.ofPlatform().daemon().start(action));
    }

    private static WorkerSocket listen(Path path) throws IOException {
        return WorkerSocket.bind(new WorkerFolder(path));
    }

    @AfterEach
    void close() throws Exception {
        socket.close();
        for (SocketChannel channel : opened) {
            channel.close();
        }
    }

    private SocketChannel connect() throws IOException {
        SocketChannel channel = WorkerSocket.connect(socket.address());
        opened.add(channel);
        return channel;
    }

    private static ByteBuffer bytesOf(Frame frame) {
        ByteBuffer bytes = ByteBuffer.allocate(Frame.HEADER_BYTES + frame.body().remaining());
        frame.putHeader(bytes);
        return bytes.put(frame.body().duplicate()).flip();
    }

    private static void writeUnlessHungUp(SocketChannel channel, Frame frame) {
        try {
            channel.write(bytesOf(frame));
        } catch (IOException e) {
            // the other side has no use for it
        }
    }

    // It came in: what it says next arrives.
    private void assertIsTheWorker(SocketChannel channel) throws Exception {
        FrameChannel worker = met.get(30, java.util.concurrent.TimeUnit.SECONDS);
        channel.write(bytesOf(Frame.of(Frame.Type.READY, 0)));
        assertThat(worker.read()).isEqualTo(Frame.of(Frame.Type.READY, 0));
        worker.close();
    }

    private static int bytesUntilItEnds(SocketChannel channel) {
        ByteBuffer bytes = ByteBuffer.allocate(1_000);
        try {
            while (channel.read(bytes) >= 0) {
                assertThat(bytes.hasRemaining()).isTrue();
            }
        } catch (IOException e) {
            // reset, since what it had sent was not read
        }
        return bytes.position();
    }

    private static void assertIsTurnedAway(SocketChannel channel) {
        try {
            assertThat(channel.read(ByteBuffer.allocate(1))).isEqualTo(-1);
        } catch (IOException e) {
            // reset, since what it had sent was not read
        }
    }

    @Test
    void aWrongSecretIsTurnedAwayAndTheRightOneGetsIn() throws Exception {
        SocketChannel stranger = connect();
        stranger.write(bytesOf(WorkerBootstrap.create(socket.address(), "w1").toHello()));
        assertIsTurnedAway(stranger);

        SocketChannel worker = connect();
        worker.write(bytesOf(bootstrap.toHello()));

        assertIsTheWorker(worker);
    }

    @Test
    void aSecretThatWasUsedIsOfNoUse() throws Exception {
        SocketChannel worker = connect();
        SocketChannel replayed = connect();
        worker.write(bytesOf(bootstrap.toHello()));
        assertIsTheWorker(worker);

        writeUnlessHungUp(replayed, bootstrap.toHello());
        assertIsTurnedAway(replayed);
        assertThatThrownBy(this::connect).isInstanceOf(IOException.class); // nobody listens any more
    }

    @Test
    void ofTwoWithTheSecretOneGetsIn() throws Exception {
        List<SocketChannel> two = List.of(connect(), connect());
        for (SocketChannel channel : two) {
            writeUnlessHungUp(channel, bootstrap.toHello()); // the first may be in already
        }
        FrameChannel worker = met.get(30, java.util.concurrent.TimeUnit.SECONDS);
        for (SocketChannel channel : two) {
            writeUnlessHungUp(channel, Frame.of(Frame.Type.READY, 0));
        }

        assertThat(worker.read()).isEqualTo(Frame.of(Frame.Type.READY, 0));
        worker.close();
        int welcome = Frame.HEADER_BYTES + bootstrap.toWelcome().length();
        assertThat(two.stream().mapToInt(HandshakeTest::bytesUntilItEnds)).containsExactlyInAnyOrder(0, welcome);
    }

    @Test
    void thoseWhoSayHalfAHelloAndWaitKeepNobodyOutAndAreFew() throws Exception {
        List<SocketChannel> slow = new ArrayList<>();
        for (int i = 0; i < 5 * Handshake.MAX_STRANGERS; i++) {
            SocketChannel stranger = connect();
            stranger.write(bytesOf(bootstrap.toHello()).limit(i % 40));
            slow.add(stranger);
            Eventually.becomesTrue("few are heard", () -> listening.get() <= Handshake.MAX_STRANGERS);
        }
        SocketChannel worker = connect();
        worker.write(bytesOf(bootstrap.toHello()));

        assertIsTheWorker(worker);
        slow.forEach(HandshakeTest::assertIsTurnedAway);
        Eventually.becomesTrue("nobody listens to them", () -> listening.get() == 0);
    }

    @Test
    void whoeverClaimsALongHelloIsTurnedAwayBeforeItIsRead() throws Exception {
        for (Frame.Type type : Frame.Type.values()) {
            SocketChannel stranger = connect();
            ByteBuffer header = ByteBuffer.allocate(Frame.HEADER_BYTES);
            new Frame(type, 0, false, ByteBuffer.allocate(Handshake.MAX_HELLO + 1)).putHeader(header);
            stranger.write(header.flip());

            assertIsTurnedAway(stranger);
        }
    }

    @Test
    void anythingElseIsTurnedAway() throws Exception {
        Stream<byte[]> greetings = Stream.of(
                "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(),
                new byte[Frame.HEADER_BYTES],
                bytesOf(Frame.of(Frame.Type.READY, 0)).array(),
                bytesOf(Frame.of(Frame.Type.RESULT, 1, new byte[44])).array(),
                bytesOf(Frame.of(Frame.Type.HELLO, 0)).array());
        for (byte[] greeting : greetings.toList()) {
            SocketChannel stranger = connect();
            stranger.write(ByteBuffer.wrap(greeting));

            assertIsTurnedAway(stranger);
        }
        assertThat(met).isNotDone();
    }
}
