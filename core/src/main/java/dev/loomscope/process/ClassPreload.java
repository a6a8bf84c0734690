package dev.loomscope.process;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads every class that the code of the pool names, while the class loader still gives out classes.
 *
 * <p>The loader of a stopped web application, or a closed {@link java.net.URLClassLoader}, gives out none, not even those of the JDK.
 * Workers may have to end after that: idle ones of a pool that was not closed, and all of them at the exit of the JVM. What ends
 * them must not meet a class for the first time then.
 */
final class ClassPreload {

    private static final Logger log = LoggerFactory.getLogger(ClassPreload.class);
    private static final AtomicBoolean begun = new AtomicBoolean();
    private static final String OURS = "dev.loomscope.";
    private static final Pattern TYPE_IN_DESCRIPTOR = Pattern.compile("L([^;<>()]+);");

    private final ClassLoader loader;
    private final Set<String> seen = new HashSet<>();
    private final Deque<String> unread = new ArrayDeque<>(); // classes of ours

    private ClassPreload(ClassLoader loader) {
        this.loader = loader;
    }

    /** Loads them, once, if our class loader may go before this JVM does. Takes some 100 ms, which nobody waits for. */
    static void runOnce() {
        ClassLoader loader = ClassPreload.class.getClassLoader();
        if (loader == null || lastsAsLongAsThisJvm(loader) || !begun.compareAndSet(false, true)) {
            return;
        }
        try {
            new ClassPreload(loader).run();
        } catch (IOException | RuntimeException | Error e) {
            log.debug("the classes of the process pool could not be loaded ahead of need", e);
        }
    }

    private static boolean lastsAsLongAsThisJvm(ClassLoader loader) {
        for (ClassLoader next = ClassLoader.getSystemClassLoader(); next != null; next = next.getParent()) {
            if (next == loader) {
                return true;
            }
        }
        return false;
    }

    private void run() throws IOException {
        load(ProcessPool.class.getName());
        for (String next = unread.poll(); next != null; next = unread.poll()) {
            try (InputStream file = loader.getResourceAsStream(next.replace('.', '/') + ".class")) {
                if (file != null) {
                    readNames(new DataInputStream(new BufferedInputStream(file)));
                }
            }
        }
    }

    private void load(String name) {
        if (!seen.add(name)) {
            return;
        }
        try {
            Class.forName(name, false, loader);
        } catch (ClassNotFoundException | LinkageError e) {
            return; // of an optional library: the code that names it does without
        }
        if (name.startsWith(OURS)) {
            unread.add(name);
        }
    }

    /** Loads what stands in the constant pool of a class file: JVM specification, 4.4. */
    private void readNames(DataInputStream file) throws IOException {
        file.skipNBytes(8); // magic number and version
        int count = file.readUnsignedShort();
        String[] texts = new String[count];
        Set<Integer> classes = new HashSet<>();
        Set<Integer> descriptors = new HashSet<>();
        for (int index = 1; index < count; index++) {
            int tag = file.readUnsignedByte();
            switch (tag) {
                case 1 -> texts[index] = file.readUTF();
                case 7 -> classes.add(file.readUnsignedShort());
                case 16 -> descriptors.add(file.readUnsignedShort()); // a method type
                case 12 -> { // name and type
                    file.readUnsignedShort();
                    descriptors.add(file.readUnsignedShort());
                }
                case 5, 6 -> { // long and double take two places
                    file.skipNBytes(8);
                    index++;
                }
                case 8, 19, 20 -> file.skipNBytes(2);
                case 15 -> file.skipNBytes(3);
                case 3, 4, 9, 10, 11, 17, 18 -> file.skipNBytes(4);
                default -> throw new IOException("a constant with the unknown tag " + tag);
            }
        }
        classes.forEach(index -> loadNamed(texts[index]));
        descriptors.forEach(index -> loadDescribed(texts[index]));
    }

    private void loadNamed(String internalName) {
        if (internalName.startsWith("[")) {
            loadDescribed(internalName);
        } else {
            load(internalName.replace('/', '.'));
        }
    }

    private void loadDescribed(String descriptor) {
        Matcher types = TYPE_IN_DESCRIPTOR.matcher(descriptor);
        while (types.find()) {
            load(types.group(1).replace('/', '.'));
        }
    }
}
