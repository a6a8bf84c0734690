package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RawArrayTest {

    private static final int LENGTH = 1_003;

    @ParameterizedTest
    @EnumSource
    void itsElementsAreTheSameAgainWhateverThePiecesTheyTravelIn(RawArray.Element element) {
        RawArray sent = RawArray.of(RawArrays.random(element, LENGTH));
        RawArray received = RawArray.make(element, LENGTH);

        for (int from = 0; from < sent.bytes(); from += 24) {
            ByteBuffer piece = ByteBuffer.allocate(24);
            sent.get(from, piece);
            received.set(from, piece);
        }

        assertThat(received.array()).isEqualTo(sent.array()).isNotSameAs(sent.array());
    }

    @ParameterizedTest
    @EnumSource
    void aCopyKeepsWhatWasThere(RawArray.Element element) {
        Object array = RawArrays.random(element, LENGTH);
        Object before = RawArrays.random(element, LENGTH);

        RawArray copy = RawArray.of(array).copy();
        RawArray.of(array).set(0, ByteBuffer.allocate((int) element.bytes(LENGTH)));

        assertThat(copy.array()).isEqualTo(before).isNotEqualTo(array);
        assertThat(copy.element()).isEqualTo(element);
    }

    @Test
    void theBytesAreLittleEndian() {
        ByteBuffer bytes = ByteBuffer.allocate(16);

        RawArray.of(new double[] {1.5, -0.0}).get(0, bytes);

        assertThat(bytes.order(ByteOrder.LITTLE_ENDIAN).getDouble(0)).isEqualTo(1.5);
        assertThat(bytes.getLong(8)).isEqualTo(Double.doubleToRawLongBits(-0.0));
    }

    @Test
    void everyBitOfANotANumberArrives() {
        float strange = Float.intBitsToFloat(0x7fa0_1234);
        RawArray received = RawArray.make(RawArray.Element.FLOAT, 1);
        ByteBuffer bytes = ByteBuffer.allocate(4);

        RawArray.of(new float[] {strange}).get(0, bytes);
        received.set(0, bytes);

        assertThat(Float.floatToRawIntBits(((float[]) received.array())[0]))
                .isEqualTo(Float.floatToRawIntBits(strange));
    }

    @Test
    void whatIsNoArrayOfNumbersIsNone() {
        for (Object other : List.of("text", 1, new boolean[9], new Object[9], new int[9][9], new Integer[9])) {
            assertThat(RawArray.of(other)).isNull();
        }
    }

    @Test
    void onlyBytesThatAreAllThereAreSeenWithoutACopy() {
        byte[] bytes = {1, 2, 3, 4};

        assertThat(RawArray.of(bytes).view(1, 3)).isEqualTo(ByteBuffer.wrap(new byte[] {2, 3, 4}));
        assertThat(RawArray.of(bytes).view(1, 4)).isNull();
        assertThat(RawArray.of(new int[4]).view(0, 4)).isNull();
    }
}
