package dev.loomscope.process;

import java.nio.ByteBuffer;
import java.util.Random;

/** Arrays of every element, and all that it takes to send them, without a process. */
final class RawArrays {

    private RawArrays() {}

    /** Returns an array of elements that nobody can guess; the same again for the same length. */
    static Object random(RawArray.Element element, int length) {
        RawArray array = RawArray.make(element, length);
        byte[] bytes = Bulk.random((int) array.bytes());
        if (element == RawArray.Element.FLOAT || element == RawArray.Element.DOUBLE) {
            Random random = new Random(length); // all of them numbers, which equal themselves
            for (int i = 0; i < length; i++) {
                java.lang.reflect.Array.set(array.array(), i, random.nextFloat());
            }
        } else {
            array.set(0, ByteBuffer.wrap(bytes));
        }
        return array.array();
    }

    /** How many elements take so many bytes, or a few less. */
    static int length(RawArray.Element element, int bytes) {
        return (int) (bytes / element.bytes(1));
    }

    /** What a payload is on the other side. */
    static Payload sent(Payload payload) throws ProtocolException {
        ArrivingPayload arriving = new ArrivingPayload(ResultMemory.unbounded());
        for (Frame frame : payload.toFrames(Frame.Type.RESULT, 1)) {
            ByteBuffer body = ByteBuffer.allocate(frame.body().remaining()).put(frame.body());
            if (!arriving.add(body.flip())) {
                throw new AssertionError("no memory");
            }
        }
        return arriving.toPayload();
    }
}
