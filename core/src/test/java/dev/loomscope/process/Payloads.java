package dev.loomscope.process;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamConstants;
import java.io.Serial;
import java.io.Serializable;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Streams of objects that harm those who read them without care. */
final class Payloads {

    /** As a gadget is: code that runs when somebody calls a method of a proxy. */
    record Handler() implements InvocationHandler, Serializable {
        @Override
        public Object invoke(Object proxy, Method method, Object[] arguments) {
            return 0;
        }
    }

    @FunctionalInterface
    private interface Content {
        void writeTo(DataOutputStream out) throws IOException;
    }

    private Payloads() {}

    static byte[] of(Object object) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(object);
        }
        return bytes.toByteArray();
    }

    /** By name: each is as bad as its name says, and small. */
    static Map<String, byte[]> bombs() throws Exception {
        Map<String, byte[]> bombs = new LinkedHashMap<>();
        bombs.put("text that is cut off", new byte[] {7, 0x7f, (byte) 0xff, 65});
        bombs.put("nothing", new byte[0]);
        bombs.put("no stream", new byte[] {1, 2, 3, 4, 5});
        bombs.put("half a stream", half(of(List.of(1, 2, 3))));
        bombs.put("two objects", made(out -> {
            out.writeByte(ObjectStreamConstants.TC_NULL);
            out.writeByte(ObjectStreamConstants.TC_NULL);
        }));
        bombs.put("a reset", made(out -> out.writeByte(ObjectStreamConstants.TC_RESET)));
        bombs.put("an aborted write", made(out -> {
            out.writeByte(ObjectStreamConstants.TC_EXCEPTION);
            out.write(of(new IOException("x")), 4, 50);
        }));
        bombs.put("an array of 2^31 - 1", made(out -> arrays(out, 1, Integer.MAX_VALUE)));
        bombs.put("an array of negative length", made(out -> arrays(out, 1, -1)));
        bombs.put("arrays in arrays, each of 20,000", made(out -> arrays(out, 5_000, 20_000)));
        bombs.put("arrays, 200,000 deep", made(out -> arrays(out, 200_000, 1)));
        bombs.put("a string of 2^62", made(out -> {
            out.writeByte(ObjectStreamConstants.TC_LONGSTRING);
            out.writeLong(1L << 62);
        }));
        bombs.put("a hash map of 2^30 entries", mapOf(1 << 30));
        bombs.put("classes that extend each other, 100,000 of them", made(out -> classes(out, 100_000)));
        bombs.put("sets that share sets", of(sharingSets(60)));
        bombs.put("keys that share lists", of(mapWithSharingKey(60)));
        bombs.put("words for lists that share lists", Wordy.withSharingLists(60));
        bombs.put(
                "a proxy",
                of(Proxy.newProxyInstance(
                        Payloads.class.getClassLoader(), new Class<?>[] {Comparable.class}, new Handler())));
        bombs.put(
                "a URL",
                of(new HashMap<>(Map.of(URI.create("http://127.0.0.1:1/").toURL(), 1))));
        return bombs;
    }

    private static byte[] half(byte[] bytes) {
        return Arrays.copyOf(bytes, bytes.length / 2);
    }

    private static byte[] made(Content content) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeShort(ObjectStreamConstants.STREAM_MAGIC);
        out.writeShort(ObjectStreamConstants.STREAM_VERSION);
        content.writeTo(out);
        return bytes.toByteArray();
    }

    // Each claims so many elements, and has one: the next.
    private static void arrays(DataOutputStream out, int number, int claimed) throws IOException {
        byte[] first = of(new Object[0]);
        out.writeByte(ObjectStreamConstants.TC_ARRAY);
        out.write(first, 5, first.length - 5 - Integer.BYTES); // the description of the class
        out.writeInt(claimed);
        for (int i = 1; i < number; i++) {
            out.writeByte(ObjectStreamConstants.TC_ARRAY);
            out.writeByte(ObjectStreamConstants.TC_REFERENCE);
            out.writeInt(ObjectStreamConstants.baseWireHandle);
            out.writeInt(claimed);
        }
    }

    private static byte[] mapOf(int claimed) throws IOException {
        byte[] bytes = of(new HashMap<>(Map.of("k", "v")));
        ByteBuffer.wrap(bytes).putInt(bytes.length - 9 - Integer.BYTES, claimed); // before k, v and the end
        return bytes;
    }

    private static void classes(DataOutputStream out, int number) throws IOException {
        out.writeByte(ObjectStreamConstants.TC_OBJECT);
        for (int i = 0; i < number; i++) {
            out.writeByte(ObjectStreamConstants.TC_CLASSDESC);
            out.writeUTF("java.util.ArrayList");
            out.writeLong(8683452581122892189L);
            out.writeByte(ObjectStreamConstants.SC_SERIALIZABLE);
            out.writeShort(0);
            out.writeByte(ObjectStreamConstants.TC_ENDBLOCKDATA);
        }
        out.writeByte(ObjectStreamConstants.TC_NULL);
    }

    // To hash the outermost takes 2^depth steps (Bloch, Effective Java, item 85).
    private static Set<Object> sharingSets(int depth) {
        Set<Object> root = new HashSet<>();
        Set<Object> left = root;
        Set<Object> right = new HashSet<>();
        for (int i = 0; i < depth; i++) {
            Set<Object> nextLeft = new HashSet<>(Set.of("not the same"));
            Set<Object> nextRight = new HashSet<>();
            Collections.addAll(left, nextLeft, nextRight);
            Collections.addAll(right, nextLeft, nextRight);
            left = nextLeft;
            right = nextRight;
        }
        return root;
    }

    // They are filled when the outermost is a key already: nobody asks for its hash code here.
    private static Map<Object, Object> mapWithSharingKey(int depth) {
        List<Object> outermost = new ArrayList<>();
        Map<Object, Object> map = new HashMap<>();
        map.put(outermost, 1);
        fill(outermost, depth);
        return map;
    }

    private static void fill(List<Object> outermost, int depth) {
        List<Object> list = outermost;
        for (int i = 0; i < depth; i++) {
            List<Object> next = new ArrayList<>();
            Collections.addAll(list, next, next);
            list = next;
        }
    }

    /** As the exception of the JDK with this name was before JDK 25: it calls toString while it is read. */
    private static final class Wordy extends Exception {
        @Serial
        private static final long serialVersionUID = -3105272988410493376L;

        private final Object val = new ArrayList<>();

        @SuppressWarnings("unchecked")
        static byte[] withSharingLists(int depth) throws IOException {
            Wordy wordy = new Wordy();
            fill((List<Object>) wordy.val, depth);
            String bytes = new String(of(wordy), StandardCharsets.ISO_8859_1);
            return bytes.replace(named(Wordy.class.getName()), named("javax.management.BadAttributeValueExpException"))
                    .getBytes(StandardCharsets.ISO_8859_1);
        }

        private static String named(String name) {
            return "\0" + (char) name.length() + name;
        }
    }

    /** The failure of a task in words that share their parts: there are 2^depth exceptions in it. */
    static byte[] sharingDescription(int depth) throws IOException {
        RemoteFailure.Description description = new RemoteFailure.Description("E", "m", List.of(), null, List.of());
        for (int i = 0; i < depth; i++) {
            description = new RemoteFailure.Description("E", "m", List.of(), null, List.of(description, description));
        }
        return of(new RemoteFailure(description, new byte[0]));
    }
}
