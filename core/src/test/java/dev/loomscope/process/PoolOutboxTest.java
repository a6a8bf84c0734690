package dev.loomscope.process;

import static dev.loomscope.process.BackgroundIo.inBackground;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class PoolOutboxTest {

    private static final int SENDERS = 4;
    private static final int EACH = 2_000;

    @TempDir
    Path folder;

    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private ChannelPair channels;
    private FrameChannel pool;
    private FrameChannel worker;
    private PoolOutbox outbox;

    @BeforeEach
    void open() throws IOException {
        channels = ChannelPair.open(folder);
        pool = channels.left();
        worker = channels.right();
        outbox = new PoolOutbox(pool, failure::set);
    }

    @AfterEach
    void close() throws IOException {
        channels.close();
    }

    @Test
    void whatManySendAtOnceComesOnceAndInTheOrderOfEachAlsoWhenTheOtherSideReadsSlowly() throws Exception {
        CompletableFuture<Void> reader = inBackground(pool::read); // who sends what does not fit
        List<CompletableFuture<Void>> senders = new ArrayList<>();
        for (int i = 0; i < SENDERS; i++) {
            int sender = i;
            senders.add(inBackground(() -> {
                for (int number = 0; number < EACH; number++) {
                    outbox.add(Frame.of(Frame.Type.CANCEL, number, new byte[] {(byte) sender, 1, 2, 3}));
                    outbox.send();
                }
            }));
        }

        int[] next = new int[SENDERS];
        for (int i = 0; i < SENDERS * EACH; i++) {
            Frame frame = worker.read();
            ByteBuffer body = frame.body();
            assertThat(frame.taskId()).isEqualTo(next[body.get(0)]++);
        }
        senders.forEach(CompletableFuture::join);
        worker.write(Frame.of(Frame.Type.READY, 0));
        reader.join();
        assertThat(failure).hasNullValue();
    }

    @Test
    void whoSendsDoesNotWaitForAnOtherSideThatDoesNotRead() {
        Frame large = Frame.of(Frame.Type.CANCEL, 1, new byte[Frame.MAX_BODY]);
        for (int i = 0; i < 100; i++) {
            outbox.add(large);
            outbox.send();
        }

        assertThat(failure).hasNullValue();
    }

    @Test
    void nothingIsSentToOneWhoIsGoneAndThatIsNoFailureOfOurs() throws Exception {
        worker.close();
        for (int i = 0; i < 3; i++) {
            outbox.add(Frame.of(Frame.Type.RETIRE, 0));
            outbox.send();
        }

        assertThat(failure).hasNullValue();
    }
}
