package dev.loomscope.process;

import static dev.loomscope.process.BackgroundIo.inBackground;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FrameChannelTest {

    @TempDir
    static Path folder;

    private ChannelPair channels;
    private FrameChannel left;
    private FrameChannel right;

    @BeforeEach
    void open() throws IOException {
        channels = ChannelPair.open(folder);
        left = channels.left();
        right = channels.right();
    }

    @AfterEach
    void close() throws IOException {
        channels.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 15, 16, 17, 65_519, 65_520, 65_521, 65_536, Frame.MAX_BODY - 1, Frame.MAX_BODY})
    void aFrameArrivesAsItWasSent(int size) throws Exception {
        byte[] body = new byte[size];
        new Random(size).nextBytes(body);
        Frame frame = new Frame(Frame.Type.RESULT, Long.MIN_VALUE + size, size % 2 == 0, ByteBuffer.wrap(body));
        CompletableFuture<Void> sent = inBackground(() -> left.write(frame));

        assertThat(right.read()).isEqualTo(frame);
        sent.join();
    }

    @Test
    void manyFramesOfAllTypesAndSizesKeepTheirOrder() throws Exception {
        Random random = new Random(7);
        List<Frame> frames = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            byte[] body = new byte[random.nextInt(10) == 0 ? random.nextInt(Frame.MAX_BODY) : random.nextInt(200)];
            random.nextBytes(body);
            Frame.Type type = Frame.Type.values()[random.nextInt(Frame.Type.values().length)];
            frames.add(new Frame(type, random.nextLong(), random.nextBoolean(), ByteBuffer.wrap(body)));
        }
        CompletableFuture<Void> sent = inBackground(() -> {
            for (Frame frame : frames) {
                left.write(frame);
            }
        });

        for (Frame frame : frames) {
            assertThat(right.read()).isEqualTo(frame);
        }
        sent.join();
    }

    @Test
    void framesOfSeveralThreadsAreNeverMixed() throws Exception {
        int each = 100;
        List<CompletableFuture<Void>> writers = new ArrayList<>();
        for (int writer = 1; writer <= 3; writer++) {
            byte[] body = new byte[70_000];
            java.util.Arrays.fill(body, (byte) writer);
            Frame frame = Frame.of(Frame.Type.TASK, writer, body);
            writers.add(inBackground(() -> {
                for (int i = 0; i < each; i++) {
                    left.write(frame);
                }
            }));
        }

        for (int i = 0; i < 3 * each; i++) {
            Frame frame = right.read();
            byte[] expected = new byte[70_000];
            java.util.Arrays.fill(expected, (byte) frame.taskId());
            assertThat(frame.body()).isEqualTo(ByteBuffer.wrap(expected));
        }
        writers.forEach(CompletableFuture::join);
    }

    @Test
    void bytesThatTrickleInOneByOneMakeAFrame() throws Exception {
        ByteBuffer bytes = bytesOf(Frame.of(Frame.Type.HELLO, 5, new byte[] {1, 2, 3}));
        CompletableFuture<Void> sent = inBackground(() -> {
            while (bytes.hasRemaining()) {
                channels.leftSocket().write(bytes.slice(bytes.position(), 1));
                bytes.position(bytes.position() + 1);
            }
        });

        assertThat(right.read()).isEqualTo(Frame.of(Frame.Type.HELLO, 5, new byte[] {1, 2, 3}));
        sent.join();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 15, 16, 18})
    void anEndAnywhereInAFrameIsAnEndOfFile(int bytes) throws Exception {
        ByteBuffer frame = bytesOf(Frame.of(Frame.Type.RESULT, 5, new byte[] {1, 2, 3}));
        send(channels.leftSocket(), frame.limit(bytes));
        left.close();

        assertThatThrownBy(right::read).isInstanceOf(EOFException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, unknown frame type 0",
        "0, 15, unknown frame type 15",
        "0, -1, unknown frame type -1",
        "1, 2, unknown flags",
        "1, -128, unknown flags",
        "2, 1, unknown flags",
        "3, 1, unknown flags",
        "4, -1, claims -",
        "4, 127, claims 2",
        "5, 8, allowed are 0 to 262144",
    })
    void aHeaderThatTheProtocolDoesNotKnowIsRefused(int position, byte value, String says) throws Exception {
        ByteBuffer bytes = bytesOf(Frame.of(Frame.Type.RESULT, 5, new byte[] {1, 2, 3}));
        send(channels.leftSocket(), bytes.put(position, value));

        assertThatThrownBy(right::read).isInstanceOf(ProtocolException.class).hasMessageContaining(says);
    }

    @Test
    void aBodyOneByteTooLongIsRefusedBeforeItIsRead() throws Exception {
        ByteBuffer bytes = bytesOf(Frame.of(Frame.Type.RESULT, 5)).putInt(4, Frame.MAX_BODY + 1);
        send(channels.leftSocket(), bytes);

        assertThatThrownBy(right::read).isInstanceOf(ProtocolException.class).hasMessageContaining("262145 bytes");
    }

    private static ByteBuffer bytesOf(Frame frame) {
        ByteBuffer bytes = ByteBuffer.allocate(Frame.HEADER_BYTES + frame.body().remaining());
        frame.putHeader(bytes);
        return bytes.put(frame.body().duplicate()).flip();
    }

    private static void send(SocketChannel socket, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            socket.write(bytes);
        }
    }
}
