package dev.loomscope.process;

import java.lang.reflect.Array;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An array of numbers or characters, and its elements as bytes: little-endian, as almost every machine has them in memory, so that to
 * copy them is all there is to do.
 */
final class RawArray {

    private static final List<Element> ELEMENTS = List.of(Element.values());

    /** What its elements are. The codes are the wire format, and those of the JVM's descriptors. */
    enum Element {
        BYTE('B', Byte.BYTES, byte[].class),
        SHORT('S', Short.BYTES, short[].class),
        CHAR('C', Character.BYTES, char[].class),
        INT('I', Integer.BYTES, int[].class),
        FLOAT('F', Float.BYTES, float[].class),
        LONG('J', Long.BYTES, long[].class),
        DOUBLE('D', Double.BYTES, double[].class);

        private final char code;
        private final int width;
        private final Class<?> arrays;

        Element(char code, int width, Class<?> arrays) {
            this.code = code;
            this.width = width;
            this.arrays = arrays;
        }

        char code() {
            return code;
        }

        /** The size of so many of them. */
        long bytes(int length) {
            return (long) length * width;
        }

        static @Nullable Element of(int code) {
            for (Element element : ELEMENTS) {
                if (element.code == code) {
                    return element;
                }
            }
            return null;
        }

        private Object newArray(int length) {
            return switch (this) {
                case BYTE -> new byte[length];
                case SHORT -> new short[length];
                case CHAR -> new char[length];
                case INT -> new int[length];
                case FLOAT -> new float[length];
                case LONG -> new long[length];
                case DOUBLE -> new double[length];
            };
        }
    }

    private final Element element;
    private final Object array;
    private final int length;

    private RawArray(Element element, Object array) {
        this.element = element;
        this.array = array;
        this.length = Array.getLength(array);
    }

    /** Sees an object as one; null if it is something else. Asked of every object that is written. */
    static @Nullable RawArray of(Object object) {
        Class<?> type = object.getClass();
        if (type.isArray()) {
            for (Element element : ELEMENTS) {
                if (element.arrays == type) {
                    return new RawArray(element, object);
                }
            }
        }
        return null;
    }

    /** Makes an array with nothing in it yet. */
    static RawArray make(Element element, int length) {
        return new RawArray(element, element.newArray(length));
    }

    /** Makes another one of the elements that it has now. */
    RawArray copy() {
        return new RawArray(element, copyOfArray());
    }

    private Object copyOfArray() {
        return switch (element) {
            case BYTE -> ((byte[]) array).clone();
            case SHORT -> ((short[]) array).clone();
            case CHAR -> ((char[]) array).clone();
            case INT -> ((int[]) array).clone();
            case FLOAT -> ((float[]) array).clone();
            case LONG -> ((long[]) array).clone();
            case DOUBLE -> ((double[]) array).clone();
        };
    }

    Element element() {
        return element;
    }

    Object array() {
        return array;
    }

    int length() {
        return length;
    }

    long bytes() {
        return element.bytes(length);
    }

    /** Puts elements into {@code target}, as many as there are and as it has room for, beginning with that at byte {@code from}. */
    void get(long from, ByteBuffer target) {
        int first = indexOf(from);
        int count = count(first, target);
        ByteBuffer view = target.slice().order(ByteOrder.LITTLE_ENDIAN);
        switch (element) {
            case BYTE -> view.put((byte[]) array, first, count);
            case SHORT -> view.asShortBuffer().put((short[]) array, first, count);
            case CHAR -> view.asCharBuffer().put((char[]) array, first, count);
            case INT -> view.asIntBuffer().put((int[]) array, first, count);
            case FLOAT -> view.asFloatBuffer().put((float[]) array, first, count);
            case LONG -> view.asLongBuffer().put((long[]) array, first, count);
            case DOUBLE -> view.asDoubleBuffer().put((double[]) array, first, count);
        }
    }

    /** Sets elements to those in {@code source}, as many as it has and as there are, beginning with that at byte {@code from}. */
    void set(long from, ByteBuffer source) {
        int first = indexOf(from);
        int count = count(first, source);
        ByteBuffer view = source.slice().order(ByteOrder.LITTLE_ENDIAN);
        switch (element) {
            case BYTE -> view.get((byte[]) array, first, count);
            case SHORT -> view.asShortBuffer().get((short[]) array, first, count);
            case CHAR -> view.asCharBuffer().get((char[]) array, first, count);
            case INT -> view.asIntBuffer().get((int[]) array, first, count);
            case FLOAT -> view.asFloatBuffer().get((float[]) array, first, count);
            case LONG -> view.asLongBuffer().get((long[]) array, first, count);
            case DOUBLE -> view.asDoubleBuffer().get((double[]) array, first, count);
        }
    }

    private int indexOf(long from) {
        return (int) (from / element.width);
    }

    private int count(int first, ByteBuffer buffer) {
        return Math.min(length - first, buffer.remaining() / element.width);
    }

    /** So many of its bytes without a copy; null if they are not in memory as they travel, or not all there. */
    @Nullable
    ByteBuffer view(long from, int size) {
        return array instanceof byte[] bytes && from + size <= bytes.length
                ? ByteBuffer.wrap(bytes, (int) from, size)
                : null;
    }
}
