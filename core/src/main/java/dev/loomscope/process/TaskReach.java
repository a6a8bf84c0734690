package dev.loomscope.process;

import dev.loomscope.core.TaskNotSerializableException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Refuses tasks of classes that a worker will not find: those that a class loader of its own keeps in this JVM, as JShell and the
 * launcher of source files do, or has from places that workers do not know.
 */
final class TaskReach {

    /** Whether a class is where workers look: they have what our own loader has. */
    private static final ClassValue<Boolean> REACHABLE = new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
            ClassLoader loader = type.getClassLoader();
            ClassLoader ours = TaskReach.class.getClassLoader();
            return isOfWorkers(loader)
                    || ours == null
                    || ours.getResource(type.getName().replace('.', '/') + ".class") != null; // loaded twice
        }
    };

    private TaskReach() {}

    /** Whether the classes of a loader are those that workers have: it is our own, or one that loads for it. */
    static boolean isOfWorkers(@Nullable ClassLoader loader) {
        for (ClassLoader next = TaskReach.class.getClassLoader(); next != null; next = next.getParent()) {
            if (next == loader) {
                return true;
            }
        }
        return loader == null
                || loader == ClassLoader.getSystemClassLoader()
                || loader == ClassLoader.getPlatformClassLoader();
    }

    /**
     * Guards against a task that would not find its way.
     *
     * @param classes those of all that is in it
     * @throws TaskNotSerializableException if one of them is not in a new JVM
     * @throws CodeChangedException if one of them has other code in a new JVM
     */
    static void ensureReachable(String task, Set<Class<?>> classes) {
        for (Class<?> type : classes) {
            Class<?> element = elementOf(type);
            if (!REACHABLE.get(element)) {
                throw new TaskNotSerializableException(
                        "CPU task '%s' cannot be sent to another process: %s is not there. %s Or fork the task as IO or BLOCKING."
                                .formatted(task, element.getName(), advice(element.getClassLoader())),
                        "",
                        null);
            }
            LoadedCode.ensureCurrent(task, element);
        }
    }

    private static Class<?> elementOf(Class<?> type) {
        Class<?> element = type;
        for (Class<?> next = type; next != null; next = next.getComponentType()) {
            element = next;
        }
        return element;
    }

    private static String advice(@Nullable ClassLoader loader) {
        String name = loader == null ? "" : loader.getClass().getName();
        if (name.startsWith("jdk.jshell.")) {
            return "JShell keeps it in memory: compile it into a folder or jar, and start jshell with that as its --class-path.";
        }
        if (name.startsWith("com.sun.tools.javac.launcher.")) {
            return "'java File.java' keeps what it compiles in memory: compile it with javac, and run it from the class path.";
        }
        return "It was loaded by %s, which is for this JVM only: put it on the class path.".formatted(loader);
    }
}
