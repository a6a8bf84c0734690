package dev.loomscope.process;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
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
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final AtomicBoolean begun = new AtomicBoolean();
    private static final CountDownLatch ended = new CountDownLatch(1);
    private static final String OURS = "dev.loomscope.";
    private static final Pattern TYPE_IN_DESCRIPTOR = Pattern.compile("L([^;<>()]+);");

    private final ClassLoader loader;
    private final Set<String> seen = new HashSet<>();
    private final Deque<String> unread = new ArrayDeque<>(); // classes of this library

    private ClassPreload(ClassLoader loader) {
        this.loader = loader;
    }

    /** Begins to load them in the background, once, if our class loader may go before this JVM does. Takes some 100 ms. */
    static void begin(PoolThreads threads) {
        ClassLoader loader = ClassPreload.class.getClassLoader();
        if (begun.get() || loader == null || lastsAsLongAsThisJvm(loader) || !begun.compareAndSet(false, true)) {
            return;
        }
        try {
            threads.start("loom-scope-preload", () -> run(loader));
        } catch (OutOfMemoryError e) {
            ended.countDown();
            log.debug("there is no thread to load classes ahead of need", e);
        }
    }

    /** Waits until this loads nothing any more, at most for some seconds: the class loader may be about to stop. */
    static void awaitEnd() {
        try {
            if (begun.get() && !ended.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                log.debug("classes are still being loaded ahead of need");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void run(ClassLoader loader) {
        try {
            new ClassPreload(loader).loadAll();
        } catch (IOException | RuntimeException | Error e) {
            log.debug("the classes of the process pool could not be loaded ahead of need", e);
        } finally {
            ended.countDown();
        }
    }

    private static boolean lastsAsLongAsThisJvm(ClassLoader loader) {
        if (loader.getClass().getName().startsWith(ParentPaths.SPRING_BOOT)) {
            return true; // the launcher of an executable jar
        }
        for (ClassLoader next = ClassLoader.getSystemClassLoader(); next != null; next = next.getParent()) {
            if (next == loader) {
                return true;
            }
        }
        return false;
    }

    private void loadAll() throws IOException {
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
