package dev.loomscope.benchmarks;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.concurrent.Callable;

/**
 * The JDK's own scope as a user of it would open it, without options. It is a preview API whose shape differs between versions, so
 * the calls go through method handles in constants, which the JIT sees through.
 */
final class PeerScope implements AutoCloseable {

    private static final MethodHandle OPEN;
    private static final MethodHandle FORK;
    private static final MethodHandle JOIN;
    private static final MethodHandle CLOSE;

    static {
        try {
            Class<?> type = Class.forName("java.util.concurrent.StructuredTaskScope");
            MethodHandles.Lookup lookup = MethodHandles.publicLookup();
            MethodHandle open = type.isInterface()
                    ? lookup.unreflect(type.getMethod("open"))
                    : lookup.findConstructor(type, MethodType.methodType(void.class));
            OPEN = open.asType(MethodType.methodType(Object.class));
            FORK = adapt(lookup, type, "fork", Callable.class);
            JOIN = adapt(lookup, type, "join");
            CLOSE = adapt(lookup, type, "close");
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Object scope;

    private PeerScope(Object scope) {
        this.scope = scope;
    }

    static PeerScope open() throws Throwable {
        return new PeerScope((Object) OPEN.invokeExact());
    }

    void fork(Callable<?> task) throws Throwable {
        FORK.invokeExact(scope, task);
    }

    void join() throws Throwable {
        JOIN.invokeExact(scope);
    }

    @Override
    public void close() {
        try {
            CLOSE.invokeExact(scope);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static MethodHandle adapt(MethodHandles.Lookup lookup, Class<?> type, String name, Class<?>... parameters)
            throws ReflectiveOperationException {
        Method method = type.getMethod(name, parameters);
        MethodType plain =
                MethodType.methodType(void.class, Object.class).appendParameterTypes(Arrays.asList(parameters));
        return lookup.unreflect(method).asType(plain);
    }
}
