package dev.loomscope.benchmarks;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadFactory;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * The JDK's own scope as a user of it would open it, without options. It is a preview API whose shape differs between versions, so
 * the calls go through method handles in constants, which the JIT sees through.
 */
final class PeerScope implements AutoCloseable {

    private static final MethodHandle OPEN;
    private static final PlatformOpener OPEN_PLATFORM;
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
            OPEN_PLATFORM = platformOpener(lookup, type);
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

    /** With threads of this factory. This call itself is not made for speed, as it is made once per scope. */
    static PeerScope open(ThreadFactory factory) throws Throwable {
        return new PeerScope(OPEN_PLATFORM.open(factory));
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

    /** 21 to 24: a constructor with a name and a factory. From 25 on: a joiner, and a function that sets the factory. */
    private static PlatformOpener platformOpener(MethodHandles.Lookup lookup, Class<?> type)
            throws ReflectiveOperationException {
        if (!type.isInterface()) {
            MethodHandle constructor =
                    lookup.findConstructor(type, MethodType.methodType(void.class, String.class, ThreadFactory.class));
            return factory -> constructor.invoke("peer", factory);
        }
        Class<?> joinerType = Class.forName(type.getName() + "$Joiner");
        MethodHandle joiner = lookup.unreflect(joinerType.getMethod("allUntil", Predicate.class));
        MethodHandle withFactory = lookup.unreflect(
                Class.forName(type.getName() + "$Configuration").getMethod("withThreadFactory", ThreadFactory.class));
        MethodHandle open = lookup.unreflect(Arrays.stream(type.getMethods())
                .filter(method -> method.getName().equals("open") && method.getParameterCount() == 2)
                .filter(method -> method.getParameterTypes()[1].isAssignableFrom(UnaryOperator.class))
                .findFirst()
                .orElseThrow(() -> new NoSuchMethodException("open(Joiner, UnaryOperator)")));
        Predicate<Object> never = subtask -> false;
        return factory -> {
            UnaryOperator<Object> configure = configuration -> call(withFactory, configuration, factory);
            return open.invoke(joiner.invoke(never), configure);
        };
    }

    private static Object call(MethodHandle handle, Object receiver, Object argument) {
        try {
            return handle.invoke(receiver, argument);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** Opens a scope with a factory, in the shape of the running JDK. */
    @FunctionalInterface
    private interface PlatformOpener {
        Object open(ThreadFactory factory) throws Throwable;
    }
}
