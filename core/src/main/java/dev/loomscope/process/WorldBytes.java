package dev.loomscope.process;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How texts and objects of a {@link ParentWorld} are written, and read in a worker. */
final class WorldBytes {

    private static final int ABSENT = -1;

    private WorldBytes() {}

    // As chars: a property may hold any of them, also such as have no UTF-8.
    static void write(@Nullable String text, DataOutputStream out) throws IOException {
        out.writeInt(text == null ? ABSENT : text.length());
        if (text != null) {
            out.writeChars(text);
        }
    }

    static @Nullable String readNullable(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length == ABSENT) {
            return null;
        }
        byte[] bytes = in.readNBytes(Math.multiplyExact(length, Character.BYTES));
        char[] text = new char[bytes.length / Character.BYTES];
        for (int i = 0; i < text.length; i++) {
            text[i] = (char) (((bytes[2 * i] & 0xff) << 8) | (bytes[2 * i + 1] & 0xff));
        }
        return new String(text);
    }

    static String read(DataInputStream in) throws IOException {
        String text = readNullable(in);
        if (text == null) {
            throw new ProtocolException("a text of the parent's settings is missing");
        }
        return text;
    }

    static void write(List<String> texts, DataOutputStream out) throws IOException {
        out.writeInt(texts.size());
        for (String text : texts) {
            write(text, out);
        }
    }

    static List<String> readList(DataInputStream in) throws IOException {
        List<String> texts = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            texts.add(read(in));
        }
        return texts;
    }

    static void write(byte[] bytes, DataOutputStream out) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    static byte[] readBytes(DataInputStream in) throws IOException {
        return in.readNBytes(in.readInt());
    }

    /** Serializes a time zone or a locale. */
    static byte[] serialize(Object object) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(object);
        }
        return bytes.toByteArray();
    }

    /** Reads what {@link #serialize} wrote. Its class may be the user's. */
    static @Nullable Object deserialize(byte[] bytes) throws IOException, ClassNotFoundException {
        try (ObjectInputStream in = new ContextInputStream(new ByteArrayInputStream(bytes))) {
            return in.readObject();
        }
    }

    private static final class ContextInputStream extends ObjectInputStream {

        ContextInputStream(InputStream in) throws IOException {
            super(in);
        }

        @Override
        protected Class<?> resolveClass(ObjectStreamClass description) throws IOException, ClassNotFoundException {
            try {
                ClassLoader loader = Thread.currentThread().getContextClassLoader();
                return Class.forName(description.getName(), false, loader);
            } catch (ClassNotFoundException e) {
                return super.resolveClass(description);
            }
        }
    }
}
