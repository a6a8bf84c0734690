package dev.loomscope.process;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an archive is good for, as a name: this JDK, these options, and these files on the class path with their sizes and times. A
 * JVM checks most of that once more itself. Left out is what does not matter and may differ from run to run: system properties, and
 * the size of a heap.
 */
final class ArchiveKey {

    private static final int BYTES = 16; // of the hash; there is nobody to deceive in a folder of one's own
    private static final long MAX_SMALL_HEAP_MIB = 30 << 10; // beyond that, references have another size
    private static final String HEAP = "-Xmx";

    /** With these, a JVM writes no archive, or somebody else has a say in it. */
    private static final List<String> HINDRANCES = List.of(
            "-agent",
            "-javaagent",
            "-XX:AOT",
            "-XX:ArchiveClassesAtExit",
            "-XX:SharedArchiveFile",
            "-XX:+AutoCreateSharedArchive",
            "-Xshare",
            "--limit-modules",
            "--patch-module",
            "--upgrade-module-path");

    /** With these, it depends on each of them which classes are loaded, or from where. */
    private static final List<String> PROPERTIES_THAT_MATTER = List.of("-Djava.system.class.loader", "-Djdk.module.");

    private final MessageDigest digest;

    private ArchiveKey(MessageDigest digest) {
        this.digest = digest;
    }

    /**
     * Returns the key of JVMs that are started with these arguments; null if they can have no archive, as with a folder of classes on
     * the class path.
     *
     * @throws IOException if a file of theirs cannot be looked at
     */
    static @Nullable String of(List<String> arguments) throws IOException {
        try {
            ArchiveKey key = new ArchiveKey(MessageDigest.getInstance("SHA-256"));
            return key.addJdk() && key.addAll(arguments) ? key.toText() : null;
        } catch (NoSuchAlgorithmException e) {
            return null;
        }
    }

    private boolean addJdk() throws IOException {
        for (String property : List.of("java.home", "java.vm.name", "java.vm.version", "java.runtime.version")) {
            add(System.getProperty(property, ""));
        }
        return addFile(Path.of(System.getProperty("java.home"), "lib", "modules"));
    }

    private boolean addAll(List<String> arguments) throws IOException {
        for (Iterator<String> each = arguments.iterator(); each.hasNext(); ) {
            String argument = each.next();
            if (startsWithAny(argument, HINDRANCES)) {
                return false;
            }
            if (matters(argument)) {
                add(argument);
            }
            boolean isPath = argument.equals("-cp") || argument.equals("--module-path");
            if (isPath && each.hasNext() && !addPath(each.next())) {
                return false;
            }
        }
        return true;
    }

    private static boolean matters(String argument) {
        if (argument.startsWith(HEAP)) {
            return !isSmallHeap(argument);
        }
        if (argument.startsWith("-D")) {
            return startsWithAny(argument, PROPERTIES_THAT_MATTER);
        }
        return !argument.startsWith("-XX:ErrorFile=") && !argument.startsWith("-Xlog:");
    }

    private static boolean isSmallHeap(String argument) {
        try {
            String size = argument.substring(HEAP.length(), argument.length() - 1);
            return argument.endsWith("m") && Long.parseLong(size) < MAX_SMALL_HEAP_MIB;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    private static boolean startsWithAny(String argument, List<String> beginnings) {
        for (String beginning : beginnings) {
            if (argument.startsWith(beginning)) {
                return true;
            }
        }
        return false;
    }

    private boolean addPath(String path) throws IOException {
        for (String entry : path.split(File.pathSeparator, -1)) {
            if (!addFile(Path.of(entry))) {
                return false;
            }
        }
        return true;
    }

    // Whether it is not a folder: no JVM archives classes of folders, since it cannot see whether they have changed.
    private boolean addFile(Path file) throws IOException {
        add(file.toString());
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            add(attributes.size() + " " + attributes.lastModifiedTime().toMillis());
            addContent(file);
            return !attributes.isDirectory();
        } catch (NoSuchFileException e) {
            add("missing");
            return true;
        }
    }

    // Builds that can be repeated give all releases of a jar the same time, and some the same size.
    private void addContent(Path file) throws IOException {
        if (file.toString().endsWith(".jar")) {
            try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "r")) {
                JarDirectory jar = JarDirectory.read(opened);
                add(jar == null ? "no jar" : Long.toHexString(jar.checksum()));
            }
        }
    }

    private void add(String text) {
        digest.update(text.getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
    }

    private String toText() {
        return HexFormat.of().formatHex(digest.digest(), 0, BYTES);
    }
}
