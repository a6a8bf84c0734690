package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PayloadTest {

    private static final int MAX = Frame.MAX_BODY;

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 511, 512, 513, 4096, 32_769, MAX - 1, MAX, MAX + 1, 2 * MAX, 2 * MAX + 1, 5 * MAX + 7})
    void whatIsWrittenIsReadAgain(int size) throws IOException {
        byte[] bytes = random(size);
        Payload.Sink sink = new Payload.Sink();
        for (int from = 0; from < size; ) {
            int length = Math.min(size - from, 1 + (from * 31 + 7) % 100_000);
            sink.write(bytes, from, length);
            from += length;
        }
        Payload payload = sink.toPayload();

        assertThat(payload.size()).isEqualTo(size);
        assertThat(payload.toInputStream().readAllBytes()).isEqualTo(bytes);
        assertThat(payload.toInputStream().readAllBytes()).as("a second time").isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 513, MAX, MAX + 1})
    void singleBytesAreWrittenAndReadToo(int size) throws IOException {
        byte[] bytes = random(size);
        Payload.Sink sink = new Payload.Sink();
        for (byte b : bytes) {
            sink.write(b);
        }
        InputStream in = sink.toPayload().toInputStream();

        for (byte b : bytes) {
            assertThat(in.read()).isEqualTo(b & 0xff);
        }
        assertThat(in.read()).isEqualTo(-1);
        assertThat(in.read(new byte[3], 0, 3)).isEqualTo(-1);
        assertThat(in.read(new byte[3], 0, 0)).isZero();
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "1, 1", "262143, 1", "262144, 1", "262145, 2", "524288, 2", "524289, 3"})
    void itTravelsInAsFewFramesAsPossibleAndOnlyTheLastIsNotContinued(int size, int frames) {
        Payload.Sink sink = new Payload.Sink();
        sink.write(new byte[size], 0, size);

        List<Frame> sent = sink.toPayload().toFrames(Frame.Type.RESULT, 9);

        assertThat(sent).hasSize(frames);
        assertThat(sent).allSatisfy(frame -> {
            assertThat(frame.taskId()).isEqualTo(9);
            assertThat(frame.type()).isEqualTo(Frame.Type.RESULT);
            assertThat(frame.body().remaining()).isLessThanOrEqualTo(MAX);
        });
        assertThat(sent.subList(0, frames - 1)).allMatch(Frame::more);
        assertThat(sent.get(frames - 1).more()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, MAX + 1})
    void whatComesInFramesIsTheSameAgain(int size) throws IOException {
        byte[] bytes = random(size);
        Payload.Sink sink = new Payload.Sink();
        sink.write(bytes, 0, size);
        Payload received = new Payload();

        sink.toPayload().toFrames(Frame.Type.TASK, 1).forEach(frame -> received.add(frame.body()));

        assertThat(received.size()).isEqualTo(size);
        assertThat(received.toInputStream().readAllBytes()).isEqualTo(bytes);
    }

    private static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }
}
