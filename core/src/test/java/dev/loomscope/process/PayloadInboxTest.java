package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class PayloadInboxTest {

    private final PayloadInbox inbox = new PayloadInbox(new PayloadLimit(10, "too much"));

    private static Frame frame(Frame.Type type, long taskId, boolean more, int size) {
        return new Frame(type, taskId, more, ByteBuffer.allocate(size));
    }

    private static Frame frame(boolean more, int size) {
        return frame(Frame.Type.RESULT, 1, more, size);
    }

    @Test
    void whatComesInFramesIsPutTogether() throws Exception {
        assertThat(inbox.add(frame(true, 3))).isNull();
        assertThat(inbox.hasBegun()).isTrue();

        PayloadInbox.Arrival arrival = inbox.add(frame(false, 7));

        assertThat(arrival.payload().size()).isEqualTo(10);
        assertThat(arrival.size()).isEqualTo(10);
        assertThat(inbox.hasBegun()).isFalse();
    }

    @Test
    void whatIsTooLargeIsCountedToItsEndAndTheNextIsWhole() throws Exception {
        inbox.add(frame(true, 6));
        inbox.add(frame(true, 6));
        inbox.add(frame(true, 6));

        assertThat(inbox.add(frame(false, 6))).isEqualTo(new PayloadInbox.Arrival(null, 24));
        assertThat(inbox.add(frame(false, 6)).payload().size()).isEqualTo(6);
    }

    @Test
    void aBodyThatWasLostIsCountedToo() throws Exception {
        inbox.add(new Frame(Frame.Type.RESULT, 1, true, ByteBuffer.allocate(0), 4));

        assertThat(inbox.add(frame(false, 3))).isEqualTo(new PayloadInbox.Arrival(null, 7));
    }

    @Test
    void whatIsForgottenIsNotPartOfTheNext() throws Exception {
        inbox.add(frame(true, 6));
        inbox.clear();

        assertThat(inbox.add(frame(Frame.Type.FAILURE, 2, false, 1)).size()).isEqualTo(1);
    }

    @Test
    void aFrameOfSomethingElseInBetweenIsRefused() throws Exception {
        inbox.add(frame(true, 1));

        assertThatThrownBy(() -> inbox.add(frame(Frame.Type.FAILURE, 1, false, 1)))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("FAILURE of task 1 came in the middle of RESULT of task 1");
        assertThatThrownBy(() -> inbox.add(frame(Frame.Type.RESULT, 2, true, 1)))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("RESULT of task 2");
    }
}
