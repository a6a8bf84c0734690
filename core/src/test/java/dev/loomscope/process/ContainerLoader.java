package dev.loomscope.process;

import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The class loader of one deployment, as servlet containers have it: it has its own copy of loom-scope, and after its {@link
 * #stop} it gives out no class that was not resolved through it before, not even one of the JDK.
 */
final class ContainerLoader extends URLClassLoader {

    private static final List<String> OWN = List.of("dev.loomscope.", "org.objectweb.asm.");

    private final Queue<String> refused = new ConcurrentLinkedQueue<>();
    private volatile boolean stopped;

    private ContainerLoader(List<URL> urls) {
        super("deployment", urls.toArray(URL[]::new), ContainerLoader.class.getClassLoader());
    }

    /** Makes a loader with its own copies of the classes in the same places as these. */
    static ContainerLoader of(Class<?>... examples) {
        List<URL> urls = new ArrayList<>();
        for (Class<?> example : examples) {
            URL place = example.getProtectionDomain().getCodeSource().getLocation();
            if (!urls.contains(place)) {
                urls.add(place);
            }
        }
        return new ContainerLoader(urls);
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        synchronized (getClassLoadingLock(name)) {
            if (stopped) {
                refused.add(name);
                throw new ClassNotFoundException(name + ": the deployment was stopped");
            }
            if (OWN.stream().noneMatch(name::startsWith)) {
                return super.loadClass(name, resolve);
            }
            Class<?> loaded = findLoadedClass(name);
            return loaded != null ? loaded : findClass(name);
        }
    }

    /** Calls a public static method without parameters. */
    Object call(Class<?> original, String method) throws ReflectiveOperationException {
        Class<?> copy = Class.forName(original.getName(), true, this);
        return copy.getMethod(method).invoke(null);
    }

    /** Refuses all further classes, from now on. */
    void stop() {
        stopped = true;
    }

    /** What was asked for after the stop. */
    List<String> refused() {
        return List.copyOf(refused);
    }

    /** Waits until a loader that was dropped is collected, or the time is up. */
    static boolean isCollected(WeakReference<?> dropped, int seconds) throws InterruptedException {
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        while (dropped.get() != null && System.nanoTime() < end) {
            System.gc();
            Thread.sleep(100);
        }
        return dropped.get() == null;
    }
}
