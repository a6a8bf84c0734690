package dev.loomscope.process;

import static java.io.ObjectStreamConstants.SC_BLOCK_DATA;
import static java.io.ObjectStreamConstants.SC_EXTERNALIZABLE;
import static java.io.ObjectStreamConstants.SC_SERIALIZABLE;
import static java.io.ObjectStreamConstants.SC_WRITE_METHOD;
import static java.io.ObjectStreamConstants.STREAM_MAGIC;
import static java.io.ObjectStreamConstants.STREAM_VERSION;
import static java.io.ObjectStreamConstants.TC_ARRAY;
import static java.io.ObjectStreamConstants.TC_BLOCKDATA;
import static java.io.ObjectStreamConstants.TC_BLOCKDATALONG;
import static java.io.ObjectStreamConstants.TC_CLASS;
import static java.io.ObjectStreamConstants.TC_CLASSDESC;
import static java.io.ObjectStreamConstants.TC_ENDBLOCKDATA;
import static java.io.ObjectStreamConstants.TC_ENUM;
import static java.io.ObjectStreamConstants.TC_LONGSTRING;
import static java.io.ObjectStreamConstants.TC_NULL;
import static java.io.ObjectStreamConstants.TC_OBJECT;
import static java.io.ObjectStreamConstants.TC_PROXYCLASSDESC;
import static java.io.ObjectStreamConstants.TC_REFERENCE;
import static java.io.ObjectStreamConstants.TC_STRING;
import static java.io.ObjectStreamConstants.baseWireHandle;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InvalidObjectException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a worker sent as data, before it is read as objects: nothing is made and no class is looked up. It tells how much
 * memory the objects will take, and turns down what no honest stream has:
 *
 * <ul>
 *   <li>arrays and strings that claim more than there is, and what is not well-formed or goes on after its end;
 *   <li>proxies, for which the JDK would define a class before its filter could say no;
 *   <li>sets and maps that share their keys in such a way that to hash them takes for ever. What the task's own classes do in their
 *       {@code hashCode} is not looked at.
 * </ul>
 *
 * <p>The grammar is that of the Java Object Serialization Specification, chapter 6.
 */
final class SerialScan {

    // Some tenths of a second of hashing, whatever the size, and more for what is large anyway.
    private static final long MIN_WORK = 20_000_000;
    private static final long WORK_PER_BYTE = 50;
    // Whatever is written out is as long as what came, or a few times as long.
    private static final long COPIES_PER_BYTE = 4;
    private static final int MAX_DEPTH = 10_000;
    private static final long ENDLESS = Long.MAX_VALUE / 4; // added twice, it is still no overflow

    // About what the JDK needs, in bytes of heap; what a stream has per object, and what a collection has per element.
    private static final int HEADER = 16;
    private static final int REFERENCE = 8;
    private static final int STRING = 48;
    private static final int HANDLE = 24;
    private static final int ELEMENT = 48;

    private static final Set<String> HASHED_MAPS = Set.of(
            "java.util.HashMap",
            "java.util.LinkedHashMap",
            "java.util.Hashtable",
            "java.util.Properties",
            "java.util.concurrent.ConcurrentHashMap");
    private static final Set<String> HASHED_SETS =
            Set.of("java.util.HashSet", "java.util.LinkedHashSet", "java.util.CollSer"); // Set.of and Map.of
    private static final String CALLS_TO_STRING = "javax.management.BadAttributeValueExpException"; // before JDK 25

    private final DataInputStream in;
    private final Form form;
    private final long maxWork;
    private final long maxHeap;
    private final Map<Integer, ClassDescription> descriptions = new HashMap<>(); // by handle
    private int handles; // how many there are
    private long[] weights = new long[16]; // by handle; how many objects it leads to, each as often as it is led to
    private long heap;
    private long work;

    /** What becomes of the objects. */
    enum Form {
        /** They are handed to the caller. */
        RESULT,
        /** All of them are copied, each as often as it is led to. */
        DESCRIPTION
    }

    /** What a stream says of a class. */
    private record ClassDescription(
            String name,
            int flags,
            int primitiveBytes,
            int objects,
            @Nullable ClassDescription parent) {

        boolean has(int flag) {
            return (flags & flag) != 0;
        }

        boolean isArray() {
            return name.startsWith("[");
        }
    }

    private SerialScan(Payload payload, Form form, long maxHeap) {
        this.in = new DataInputStream(payload.toInputStream());
        this.form = form;
        this.maxHeap = maxHeap;
        this.maxWork =
                form == Form.RESULT ? MIN_WORK + payload.size() * WORK_PER_BYTE : payload.size() * COPIES_PER_BYTE;
    }

    /**
     * Reads a stream with one object in it, to its end.
     *
     * @param maxHeap beyond which nobody asks how much it is
     * @return how many bytes of heap its objects will take, about
     * @throws IOException if it is turned down, with the reason
     */
    static long heapOf(Payload payload, Form form, long maxHeap) throws IOException {
        SerialScan scan = new SerialScan(payload, form, maxHeap);
        try {
            return scan.run();
        } catch (StackOverflowError e) {
            throw new InvalidObjectException("objects that are nested too deeply", e);
        }
    }

    private long run() throws IOException {
        if (in.readShort() != STREAM_MAGIC || in.readShort() != STREAM_VERSION) {
            throw new InvalidObjectException("no stream of objects");
        }
        long weight = value(in.readByte(), 0);
        if (in.read() >= 0) {
            throw new InvalidObjectException("more than one object");
        }
        if (form == Form.DESCRIPTION) {
            work(weight);
        }
        return heap;
    }

    // Returns the weight.
    private long value(byte token, int depth) throws IOException {
        if (depth > MAX_DEPTH) {
            throw new InvalidObjectException("objects that are nested more than %s deep".formatted(MAX_DEPTH));
        }
        return switch (token) {
            case TC_NULL -> 0;
            case TC_REFERENCE -> weights[handle()];
            case TC_STRING -> string(in.readUnsignedShort());
            case TC_LONGSTRING -> string(in.readLong());
            case TC_OBJECT -> object(depth);
            case TC_ARRAY -> array(depth);
            case TC_ENUM -> constant(depth);
            case TC_CLASS -> {
                description(in.readByte(), depth);
                yield known(add(), 1);
            }
            case TC_CLASSDESC -> {
                description(token, depth);
                yield 1;
            }
            default -> throw new InvalidObjectException("a stream with a %#x".formatted(token));
        };
    }

    private long string(long bytes) throws IOException {
        if (bytes < 0) {
            throw new InvalidObjectException("a string of %s bytes".formatted(bytes));
        }
        int handle = add();
        in.skipNBytes(bytes);
        heap += STRING + 2 * bytes;
        return known(handle, 1);
    }

    private long object(int depth) throws IOException {
        ClassDescription type = required(description(in.readByte(), depth));
        int handle = add();
        heap += HEADER;
        if (type.has(SC_EXTERNALIZABLE)) {
            if (!type.has(SC_BLOCK_DATA)) {
                throw new InvalidObjectException("%s in a form that cannot be followed".formatted(type.name()));
            }
            return known(handle, weigh(type, annotation(type, depth)));
        }
        return known(handle, weigh(type, fields(type, depth)));
    }

    // From the topmost class down, as they are written.
    private long fields(ClassDescription type, int depth) throws IOException {
        long weight = type.parent() == null ? 1 : fields(type.parent(), depth);
        if (!type.has(SC_SERIALIZABLE)) {
            throw new InvalidObjectException("an object of %s, which is not serializable".formatted(type.name()));
        }
        in.skipNBytes(type.primitiveBytes());
        heap += type.primitiveBytes() + (long) type.objects() * REFERENCE;
        for (int i = 0; i < type.objects(); i++) {
            weight = sum(weight, value(in.readByte(), depth + 1));
        }
        return type.has(SC_WRITE_METHOD) ? sum(weight, annotation(type, depth)) : weight;
    }

    // What a class writes by itself; a collection, for example, its elements.
    private long annotation(@Nullable ClassDescription type, int depth) throws IOException {
        boolean map = type != null && HASHED_MAPS.contains(type.name());
        boolean set = type != null && HASHED_SETS.contains(type.name());
        long weight = 0;
        int objects = 0;
        for (byte token = in.readByte(); token != TC_ENDBLOCKDATA; token = in.readByte()) {
            if (token == TC_BLOCKDATA) {
                in.skipNBytes(in.readUnsignedByte());
            } else if (token == TC_BLOCKDATALONG) {
                in.skipNBytes(notNegative(in.readInt()));
            } else {
                long element = value(token, depth + 1);
                weight = sum(weight, element);
                heap += ELEMENT;
                if (set || (map && objects % 2 == 0)) {
                    work(element);
                }
                objects++;
            }
        }
        return weight;
    }

    private long array(int depth) throws IOException {
        ClassDescription type = required(description(in.readByte(), depth));
        int handle = add();
        long length = notNegative(in.readInt());
        if (!type.isArray() || type.name().length() < 2) {
            throw new InvalidObjectException("an array of %s".formatted(type.name()));
        }
        char element = type.name().charAt(1);
        heap += HEADER;
        if (element != 'L' && element != '[') {
            long bytes = length * widthOf(element);
            in.skipNBytes(bytes);
            heap += bytes;
            return known(handle, 1);
        }
        long weight = 1;
        for (long i = 0; i < length; i++) {
            weight = sum(weight, value(in.readByte(), depth + 1));
            heap += REFERENCE;
        }
        return known(handle, form == Form.DESCRIPTION ? weight : 1); // arrays do not hash what is in them
    }

    private long constant(int depth) throws IOException {
        required(description(in.readByte(), depth));
        int handle = add();
        value(in.readByte(), depth + 1); // its name
        return known(handle, 1);
    }

    private @Nullable ClassDescription description(byte token, int depth) throws IOException {
        return switch (token) {
            case TC_NULL -> null;
            case TC_REFERENCE -> required(descriptions.get(handle()));
            case TC_CLASSDESC -> newDescription(depth);
            case TC_PROXYCLASSDESC ->
                throw new InvalidObjectException(
                        "a proxy, which no result may hold: return what it answers, not the proxy");
            default -> throw new InvalidObjectException("a stream with a %#x for a class".formatted(token));
        };
    }

    private ClassDescription newDescription(int depth) throws IOException {
        if (depth > MAX_DEPTH) {
            throw new InvalidObjectException("classes that are nested more than %s deep".formatted(MAX_DEPTH));
        }
        String name = in.readUTF();
        in.readLong(); // its version
        int handle = add();
        int flags = in.readByte();
        int fields = in.readUnsignedShort();
        int primitiveBytes = 0;
        int objects = 0;
        for (int i = 0; i < fields; i++) {
            char type = (char) in.readByte();
            in.skipNBytes(in.readUnsignedShort()); // its name
            if (type == 'L' || type == '[') {
                objects++;
                value(in.readByte(), depth + 1); // its type
            } else {
                primitiveBytes += widthOf(type);
            }
        }
        annotation(null, depth + 1);
        ClassDescription parent = description(in.readByte(), depth + 1);
        ClassDescription made = new ClassDescription(name, flags, primitiveBytes, objects, parent);
        descriptions.put(handle, made);
        heap += HANDLE;
        return made;
    }

    private int handle() throws IOException {
        int handle = in.readInt() - baseWireHandle;
        if (handle < 0 || handle >= handles) {
            throw new InvalidObjectException("a reference to nothing");
        }
        return handle;
    }

    // One that is referred to before it is complete is part of a circle, which is not followed.
    private int add() throws IOException {
        int handle = handles++;
        if (heap > maxHeap) {
            throw new InvalidObjectException("objects that take more than %s MiB".formatted(maxHeap >> 20));
        }
        if (handle == weights.length) {
            weights = Arrays.copyOf(weights, handle * 2);
        }
        weights[handle] = 1;
        heap += HANDLE;
        return handle;
    }

    private long known(int handle, long weight) {
        weights[handle] = weight;
        return weight;
    }

    private long weigh(ClassDescription type, long weight) throws IOException {
        if (type.name().equals(CALLS_TO_STRING)) {
            work(weight);
        }
        return form == Form.DESCRIPTION || type.name().startsWith("java.") ? weight : 1;
    }

    private void work(long weight) throws IOException {
        work = sum(work, weight);
        if (work > maxWork) {
            throw new InvalidObjectException(
                    "objects that share their parts so often that to go through them takes for ever");
        }
    }

    private static long sum(long a, long b) {
        return Math.min(ENDLESS, a + b);
    }

    private static int widthOf(char type) throws InvalidObjectException {
        return switch (type) {
            case 'B', 'Z' -> 1;
            case 'C', 'S' -> 2;
            case 'I', 'F' -> 4;
            case 'J', 'D' -> 8;
            default -> throw new InvalidObjectException("a field of type '%s'".formatted(type));
        };
    }

    private static int notNegative(int length) throws InvalidObjectException {
        if (length < 0) {
            throw new InvalidObjectException("a length of %s".formatted(length));
        }
        return length;
    }

    private static ClassDescription required(@Nullable ClassDescription description) throws InvalidObjectException {
        if (description == null) {
            throw new InvalidObjectException("an object without a class");
        }
        return description;
    }
}
