package dev.loomscope.process;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InvalidObjectException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** What a task is called, before its objects: the same task has another name each time. */
final class TaskName {

    private TaskName() {}

    static byte[] toBytes(String name) {
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(Integer.BYTES + text.length)
                .putInt(text.length)
                .put(text)
                .array();
    }

    /** Reads what {@link #toBytes} made; what follows is left in the stream. */
    static String read(InputStream bytes) throws IOException {
        int length = new DataInputStream(bytes).readInt();
        byte[] text = length < 0 ? new byte[0] : bytes.readNBytes(length);
        if (text.length != length) {
            throw new InvalidObjectException("what came is no task");
        }
        return new String(text, StandardCharsets.UTF_8);
    }
}
