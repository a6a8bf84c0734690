package dev.loomscope.process;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InvalidObjectException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Results that need no stream of objects, which begins otherwise: none at all, flags, numbers and short text travel as a tag and
 * their bytes. Nothing that they could claim makes an object of any other class, or a large one.
 */
final class SimpleValue {

    // The wire format: never reuse one. A stream of objects begins with 0xAC.
    private static final int NULL = 1;
    private static final int FALSE = 2;
    private static final int TRUE = 3;
    private static final int INT = 4;
    private static final int LONG = 5;
    private static final int DOUBLE = 6;
    private static final int TEXT = 7;

    private static final int MOST_CHARS = 16 * 1024; // of up to three bytes each, as DataOutput writes them

    private SimpleValue() {}

    /** Turns a value into bytes; null if it is none of these. */
    static @Nullable Payload encode(@Nullable Object value) throws IOException {
        byte[] bytes = bytes(value);
        return bytes == null ? null : Payload.of(bytes);
    }

    // No switch over patterns: its first use takes a worker some milliseconds, of those until its first result.
    private static byte @Nullable [] bytes(@Nullable Object value) throws IOException {
        if (value == null) {
            return new byte[] {NULL};
        }
        if (value instanceof Boolean flag) {
            return new byte[] {(byte) (flag ? TRUE : FALSE)};
        }
        if (value instanceof Integer number) {
            return tagged(INT, Integer.BYTES).putInt(number).array();
        }
        if (value instanceof Long number) {
            return tagged(LONG, Long.BYTES).putLong(number).array();
        }
        if (value instanceof Double number) {
            return tagged(DOUBLE, Double.BYTES).putDouble(number).array();
        }
        return value instanceof String text && text.length() <= MOST_CHARS ? text(text) : null;
    }

    private static ByteBuffer tagged(int tag, int bytes) {
        return ByteBuffer.allocate(1 + bytes).put((byte) tag);
    }

    private static byte[] text(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length() + 8);
        DataOutputStream out = new DataOutputStream(bytes);
        out.write(TEXT);
        out.writeUTF(text);
        return bytes.toByteArray();
    }

    /** Whether this is what {@link #encode} makes, and no stream of objects. */
    static boolean isIn(Payload payload) {
        int tag = payload.firstByte();
        return tag >= NULL && tag <= TEXT;
    }

    /**
     * Reads such a value.
     *
     * @throws IOException if it is cut off, goes on after its end, or is no text
     */
    static @Nullable Object decode(Payload payload) throws IOException {
        DataInputStream in = new DataInputStream(payload.toInputStream());
        Object value = switch (in.read()) {
            case NULL -> null;
            case FALSE -> false;
            case TRUE -> true;
            case INT -> in.readInt();
            case LONG -> in.readLong();
            case DOUBLE -> in.readDouble();
            case TEXT -> in.readUTF();
            default -> throw new InvalidObjectException("no simple value");
        };
        if (in.read() >= 0) {
            throw new InvalidObjectException("more than one value");
        }
        return value;
    }
}
