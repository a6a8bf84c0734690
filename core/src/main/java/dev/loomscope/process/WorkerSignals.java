package dev.loomscope.process;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Signals that ask a program to end. Ctrl-C in a terminal, or a system that shuts down a service, sends them to all processes of a
 * group, workers included: what becomes of them is for their parent to say, which may have work to finish.
 *
 * <p>The signals are caught and not ignored: processes that tasks start would inherit that.
 */
final class WorkerSignals {

    private static final List<String> NAMES = List.of("INT", "TERM", "HUP");

    private WorkerSignals() {}

    /**
     * Leaves them to the parent process. Has no effect where the JVM has no {@code jdk.unsupported} or was told by {@code -Xrs} to
     * keep away from signals.
     */
    static void leaveToParent() {
        try {
            // By reflection: javac warns of these classes, and cannot be told not to.
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object nothing = Proxy.newProxyInstance(
                    WorkerSignals.class.getClassLoader(), new Class<?>[] {handler}, new DoNothing());
            Constructor<?> named = signal.getConstructor(String.class);
            Method handle = signal.getMethod("handle", signal, handler);
            for (String name : NAMES) {
                handle.invoke(null, named.newInstance(name), nothing);
            }
        } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
            // this worker ends when it is told to, by whomever
        }
    }

    private static final class DoNothing implements InvocationHandler {

        @Override
        public @Nullable Object invoke(Object proxy, Method method, Object[] arguments) {
            return switch (method.getName()) {
                case "equals" -> proxy == arguments[0];
                case "hashCode" -> 0;
                case "toString" -> "left to the parent";
                default -> null;
            };
        }
    }
}
