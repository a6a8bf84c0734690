package dev.loomscope.process;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.Manifest;
import java.util.zip.CRC32;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import org.jspecify.annotations.Nullable;

/**
 * The central directory of a jar, read without the rest of the file: it has a checksum of every entry, so that two jars with equal
 * directories have equal content. Opening a jar by {@link java.util.jar.JarFile} takes ten times as long, and gives an old
 * directory for a file that was overwritten.
 */
final class JarDirectory {

    private static final int END_SIZE = 22;
    private static final int END_SIGNATURE = 0x06054b50;
    private static final int ENTRY_SIZE = 46;
    private static final int ENTRY_SIGNATURE = 0x02014b50;
    private static final int LOCAL_SIZE = 30;
    private static final int MAX_COMMENT = 0xffff;
    private static final int MAX_DIRECTORY = 256 << 20;
    private static final int MAX_MANIFEST = 16 << 20;
    private static final byte[] MANIFEST = "META-INF/MANIFEST.MF".getBytes(StandardCharsets.US_ASCII);

    private final byte[] bytes;
    private final ByteBuffer entries; // the same, little-endian

    private JarDirectory(byte[] bytes) {
        this.bytes = bytes;
        this.entries = littleEndian(bytes);
    }

    private static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Reads the directory of a jar; null if the file is no jar, or one of more than 4 GiB. */
    static @Nullable JarDirectory read(RandomAccessFile jar) throws IOException {
        ByteBuffer end = end(jar, END_SIZE);
        int at = signature(end);
        if (at < 0) {
            end = end(jar, END_SIZE + MAX_COMMENT);
            at = signature(end);
        }
        if (at < 0) {
            return null;
        }
        long size = end.getInt(at + 12) & 0xffffffffL;
        long begin = jar.length() - end.capacity() + at - size; // as stated, or later if there is something in front
        return size > MAX_DIRECTORY || begin < 0 ? null : new JarDirectory(read(jar, begin, (int) size));
    }

    private static ByteBuffer end(RandomAccessFile jar, int bytes) throws IOException {
        int size = (int) Math.min(bytes, jar.length());
        return littleEndian(read(jar, jar.length() - size, size));
    }

    private static int signature(ByteBuffer end) {
        for (int at = end.capacity() - END_SIZE; at >= 0; at--) {
            if (end.getInt(at) == END_SIGNATURE) {
                return at;
            }
        }
        return -1;
    }

    private static byte[] read(RandomAccessFile file, long begin, int size) throws IOException {
        byte[] bytes = new byte[size];
        file.seek(begin);
        file.readFully(bytes);
        return bytes;
    }

    /** Returns a checksum of names, sizes, times and checksums of all entries. */
    long checksum() {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return crc.getValue() | (long) bytes.length << 32;
    }

    /** Returns a checksum of each class in the jar, by its path in it. */
    Map<String, Long> classes() {
        Map<String, Long> classes = new HashMap<>();
        for (int at = 0; isEntry(at); at = next(at)) {
            String name =
                    new String(bytes, at + ENTRY_SIZE, entries.getShort(at + 28) & 0xffff, StandardCharsets.UTF_8);
            if (name.endsWith(".class")) {
                classes.put(name, entries.getInt(at + 16) & 0xffffffffL);
            }
        }
        return classes;
    }

    private boolean isEntry(int at) {
        return at + ENTRY_SIZE <= entries.capacity() && entries.getInt(at) == ENTRY_SIGNATURE;
    }

    private int next(int at) {
        return at
                + ENTRY_SIZE
                + (entries.getShort(at + 28) & 0xffff)
                + (entries.getShort(at + 30) & 0xffff)
                + (entries.getShort(at + 32) & 0xffff);
    }

    /** Returns what the manifest says under {@code Class-Path}: relative URLs, separated by blanks; empty if nothing. */
    static String classPath(Path file) {
        try (RandomAccessFile jar = new RandomAccessFile(file.toFile(), "r")) {
            JarDirectory directory = read(jar);
            String path = directory == null ? null : directory.manifestClassPath(jar);
            return path == null ? "" : path;
        } catch (IOException | RuntimeException e) {
            return ""; // no jar: a worker finds nothing in it either
        }
    }

    private @Nullable String manifestClassPath(RandomAccessFile jar) throws IOException {
        for (int at = 0; isEntry(at); at = next(at)) {
            if ((entries.getShort(at + 28) & 0xffff) == MANIFEST.length && isManifest(at + ENTRY_SIZE)) {
                return classPathOf(jar, at);
            }
        }
        return null;
    }

    private boolean isManifest(int at) {
        for (int i = 0; i < MANIFEST.length; i++) {
            if (Character.toUpperCase((char) entries.get(at + i)) != MANIFEST[i]) {
                return false;
            }
        }
        return true;
    }

    private @Nullable String classPathOf(RandomAccessFile jar, int entry) throws IOException {
        long begin = entries.getInt(entry + 42) & 0xffffffffL;
        int packed = entries.getInt(entry + 20);
        if (packed < 0 || packed > MAX_MANIFEST) {
            return null;
        }
        ByteBuffer local = littleEndian(read(jar, begin, LOCAL_SIZE));
        long data = begin + LOCAL_SIZE + (local.getShort(26) & 0xffff) + (local.getShort(28) & 0xffff);
        InputStream in = new ByteArrayInputStream(read(jar, data, packed));
        boolean deflated = entries.getShort(entry + 10) != 0;
        Inflater inflater = new Inflater(true);
        try (InputStream manifest = deflated ? new InflaterInputStream(in, inflater) : in) {
            return new Manifest(manifest).getMainAttributes().getValue(Attributes.Name.CLASS_PATH);
        } finally {
            inflater.end();
        }
    }
}
