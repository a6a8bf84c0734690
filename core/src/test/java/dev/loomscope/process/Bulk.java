package dev.loomscope.process;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serial;
import java.io.Serializable;
import java.util.Random;

/** An object that is small here and many bytes on its way. */
final class Bulk {

    private static final int BLOCK = 1 << 20;

    private Bulk() {}

    /** Returns one that is so many bytes, and a little more. */
    static Object of(long bytes) {
        return new Blocks(bytes);
    }

    /** Returns so many bytes that nobody can guess. */
    static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    private static final class Blocks implements Serializable {

        @Serial
        private static final long serialVersionUID = 1L;

        private final long bytes;

        Blocks(long bytes) {
            this.bytes = bytes;
        }

        @Serial
        private void writeObject(ObjectOutputStream out) throws IOException {
            out.defaultWriteObject();
            byte[] block = new byte[BLOCK];
            for (long left = bytes; left > 0; left -= BLOCK) {
                out.writeUnshared(block);
            }
        }

        @Serial
        private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
            in.defaultReadObject();
            for (long left = bytes; left > 0; left -= BLOCK) {
                in.readUnshared();
            }
        }
    }
}
