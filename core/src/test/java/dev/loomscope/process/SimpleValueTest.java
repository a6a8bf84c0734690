package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SimpleValueTest {

    private static final int MOST_CHARS = 16 * 1024;

    static Stream<Object> values() {
        return Stream.of(
                true,
                false,
                0,
                Integer.MIN_VALUE,
                Long.MAX_VALUE,
                -0.0,
                Double.NaN,
                Double.MIN_VALUE,
                "",
                "\u0000 \u00fc \u20ac \ud83d\ude00",
                "half of a pair: \ud83d",
                "\uffff".repeat(MOST_CHARS));
    }

    @ParameterizedTest
    @MethodSource("values")
    void aValueComesBackAsItWas(Object value) throws IOException {
        Payload sent = SimpleValue.encode(value);

        assertThat(SimpleValue.isIn(sent)).isTrue();
        assertThat(SimpleValue.decode(sent)).isEqualTo(value);
    }

    @Test
    void nothingComesBackAsNothing() throws IOException {
        Payload sent = SimpleValue.encode(null);

        assertThat(SimpleValue.isIn(sent)).isTrue();
        assertThat(SimpleValue.decode(sent)).isNull();
    }

    @Test
    void whatIsNotSimpleIsLeftToTheStreamOfObjects() throws IOException {
        for (Object value : List.of(List.of(), 'c', 1f, new int[1], "x".repeat(MOST_CHARS + 1))) {
            assertThat(SimpleValue.encode(value)).isNull();
            assertThat(SimpleValue.isIn(TaskCodec.encodeResult("task", value))).isFalse();
        }
        assertThat(SimpleValue.isIn(Payload.of(new byte[0]))).isFalse();
    }

    @ParameterizedTest
    @MethodSource("values")
    void whatIsCutOffOrGoesOnIsTurnedDown(Object value) throws IOException {
        byte[] bytes = SimpleValue.encode(value).toInputStream().readAllBytes();

        for (byte[] wrong : List.of(Arrays.copyOf(bytes, bytes.length - 1), Arrays.copyOf(bytes, bytes.length + 1))) {
            assertThatThrownBy(() -> SimpleValue.decode(Payload.of(wrong))).isInstanceOf(IOException.class);
        }
    }

    @Test
    void textThatIsNoneIsTurnedDown() {
        byte[] wrong = {7, 0, 2, (byte) 0xc0, 0x20};

        assertThatThrownBy(() -> SimpleValue.decode(Payload.of(wrong))).isInstanceOf(IOException.class);
    }
}
