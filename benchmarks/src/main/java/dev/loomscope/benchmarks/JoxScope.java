package dev.loomscope.benchmarks;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.Callable;

/**
 * Jox's scope. Its class files are those of JDK 25 with preview features, so the calls go through method handles in constants, as those
 * to the JDK's own scope do, and the JVM needs {@code --enable-preview}.
 */
final class JoxScope {

    private static final MethodHandle SUPERVISED;
    private static final MethodHandle FORK;
    private static final Class<?> BODY;

    static {
        try {
            String jox = "com.softwaremill.jox.structured.";
            BODY = Class.forName(jox + "Scoped");
            MethodHandles.Lookup lookup = MethodHandles.publicLookup();
            SUPERVISED = lookup.unreflect(Class.forName(jox + "Scopes").getMethod("supervised", BODY))
                    .asType(MethodType.methodType(Object.class, Object.class));
            FORK = lookup.unreflect(Class.forName(jox + "Scope").getMethod("fork", Callable.class))
                    .asType(MethodType.methodType(void.class, Object.class, Callable.class));
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private JoxScope() {}

    /** Forks a task so many times in one scope, and joins. */
    static void forkAndJoin(int times, Callable<?> task) throws Throwable {
        Forks forks = new Forks(times, task);
        Object body = MethodHandleProxies.asInterfaceInstance(BODY, Forks.RUN.bindTo(forks));
        Object unused = (Object) SUPERVISED.invokeExact(body);
    }

    /** The body of a scope; its method is called once per scope, so that what its proxy costs does not count. */
    private record Forks(int times, Callable<?> task) {

        private static final MethodHandle RUN;

        static {
            try {
                RUN = MethodHandles.lookup()
                        .findVirtual(Forks.class, "run", MethodType.methodType(Object.class, Object.class));
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }

        @SuppressWarnings("UnusedMethod") // called through RUN
        Object run(Object scope) throws Throwable {
            for (int i = 0; i < times; i++) {
                FORK.invokeExact(scope, task);
            }
            return times;
        }
    }
}
