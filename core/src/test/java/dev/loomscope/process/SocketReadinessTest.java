package dev.loomscope.process;

import static dev.loomscope.process.BackgroundIo.inBackground;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Those who wait at a channel: what ends their wait, and what does not. */
@Timeout(60)
class SocketReadinessTest {

    private static final Frame SMALL = Frame.of(Frame.Type.TASK, 1, new byte[] {1, 2, 3});
    private static final Frame LARGE = Frame.of(Frame.Type.RESULT, 2, new byte[Frame.MAX_BODY]);
    private static final int MORE_THAN_A_SOCKET_HOLDS = 8;

    @TempDir
    Path folder;

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

    private void fill() throws IOException {
        for (int i = 0; i < MORE_THAN_A_SOCKET_HOLDS; i++) {
            left.write(LARGE);
        }
    }

    private void drain() throws IOException {
        for (int i = 0; i < MORE_THAN_A_SOCKET_HOLDS; i++) {
            assertThat(right.read()).isEqualTo(LARGE);
        }
    }

    @Test
    void anInterruptNeitherEndsAReadNorClosesTheChannelAndIsKept() throws Exception {
        AtomicReference<Frame> read = new AtomicReference<>();
        CountDownLatch interruptedAfterwards = new CountDownLatch(1);
        Thread reader = Thread.ofPlatform().daemon().start(() -> {
            try {
                read.set(left.read());
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            if (Thread.currentThread().isInterrupted()) {
                interruptedAfterwards.countDown();
            }
        });
        awaitWaiting(reader);

        reader.interrupt();
        Eventually.becomesTrue("it waits again", () -> !reader.isInterrupted());
        right.write(SMALL);

        assertThat(interruptedAfterwards.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(read.get()).isEqualTo(SMALL);
    }

    @Test
    void anInterruptDoesNotEndAWrite() throws Exception {
        CompletableFuture<Void> written = new CompletableFuture<>();
        Thread writer = Thread.ofPlatform().daemon().start(() -> {
            try {
                fill();
                written.complete(null);
            } catch (IOException e) {
                written.completeExceptionally(e);
            }
        });
        awaitWaiting(writer);

        writer.interrupt();
        drain();

        written.get(30, TimeUnit.SECONDS);
    }

    @Test
    void aReaderAndAWriterWaitAtTheSameTimeWhoeverComesFirst() throws Exception {
        for (boolean readerFirst : new boolean[] {true, false}) {
            AtomicReference<Frame> read = new AtomicReference<>();
            BackgroundIo.Action reads = () -> read.set(left.read());
            CompletableFuture<Void> first = inBackground(readerFirst ? reads : this::fill);
            CompletableFuture<Void> second = inBackground(readerFirst ? this::fill : reads);

            drain();
            (readerFirst ? second : first).get(30, TimeUnit.SECONDS);
            right.write(SMALL);
            (readerFirst ? first : second).get(30, TimeUnit.SECONDS);

            assertThat(read.get()).isEqualTo(SMALL);
        }
    }

    @Test
    void aCloseEndsBothWaits() {
        CompletableFuture<Void> reads = inBackground(left::read);
        CompletableFuture<Void> writes = inBackground(this::fill);
        CompletableFuture<Void> closes = inBackground(left::close);

        assertThatThrownBy(reads::join).hasRootCauseInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(writes::join).hasRootCauseInstanceOf(ClosedChannelException.class);
        closes.join();
    }

    @Test
    void whatDoesNotFitIsSentByWhoeverReads() throws Exception {
        CountDownLatch sent = new CountDownLatch(1);
        int whole = 0;
        while (left.tryWrite(LARGE)) {
            whole++;
        }
        left.whenWritable(() -> goOn(sent));
        CompletableFuture<Void> reads = inBackground(left::read);

        for (int i = 0; i < whole + 1; i++) {
            assertThat(right.read()).isEqualTo(LARGE);
        }

        assertThat(sent.await(30, TimeUnit.SECONDS)).isTrue();
        right.write(SMALL);
        reads.get(30, TimeUnit.SECONDS);
    }

    private void goOn(CountDownLatch sent) {
        try {
            if (left.goOn()) {
                sent.countDown();
            } else {
                left.whenWritable(() -> goOn(sent));
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void awaitWaiting(Thread thread) throws Exception {
        Eventually.becomesTrue("it waits for the system", () -> {
            StackTraceElement[] stack = thread.getStackTrace();
            return stack.length > 0 && stack[0].isNativeMethod();
        });
    }
}
