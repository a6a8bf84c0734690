package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a worker says of the call that ends it. */
class ExitCallTest {

    private static final StackTraceElement SHORT = new StackTraceElement("a.B", "c", "B.java", 1);

    @Test
    void aStackArrivesAsItWas() throws Exception {
        StackTraceElement withoutFile = new StackTraceElement("a.B", "d", null, -2);
        ExitCall call = new ExitCall("main", List.of(SHORT, withoutFile), false);

        assertThat(ExitCall.read(call.toFrame())).isEqualTo(call);
    }

    @Test
    void ofALongStackOnlyThatComesWhichFitsAFrameOfTheChannel() throws Exception {
        String name = "\u6f22".repeat(600);
        StackTraceElement wide = new StackTraceElement(name, name, name, 1);

        Frame frame = new ExitCall(name, Collections.nCopies(300, wide), false).toFrame();

        assertThat(frame.body().remaining()).isLessThanOrEqualTo(Frame.MAX_BODY);
        assertThat(ExitCall.read(frame).stack()).hasSizeBetween(50, 60);
    }

    @Test
    void ofADeepStackItsTopComes() throws Exception {
        Frame frame = new ExitCall("main", Collections.nCopies(300, SHORT), false).toFrame();

        assertThat(ExitCall.read(frame).stack()).hasSize(256);
    }
}
