package dev.loomscope;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadFactory;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The one class that knows the JDK's {@code StructuredTaskScope}, whose shape differs in 21 to 24, in 25, and from 26 on. It is a
 * preview API, so nothing of it may be named in a class file: everything goes through method handles that are looked up once.
 *
 * <p>The scope is used as a container of threads only: it keeps them inside, hands scoped values down, and shows them in thread
 * dumps. Its joiner says nothing, so it never cancels and never decides anything.
 *
 * <p>Owner thread only, as the JDK demands.
 */
final class JdkScope {

    private static final String SCOPE = "java.util.concurrent.StructuredTaskScope";
    private static final Shape SHAPE = Shape.find(SCOPE);

    private final Object scope;

    private JdkScope(Object scope) {
        this.scope = scope;
    }

    /** Opens a scope owned by the calling thread, whose threads come from {@code factory}. */
    static JdkScope open(String name, ThreadFactory factory) {
        try {
            return new JdkScope(SHAPE.opener.open(name, factory));
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    /** Starts a thread of the factory that runs {@code code}. The factory is called by this call, on this thread. */
    void fork(Callable<?> code) {
        try {
            SHAPE.fork.invokeExact(scope, OpenTelemetryContext.notRetained(code));
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    /** Waits for all threads, as the JDK demands before a close. */
    void join() throws InterruptedException {
        try {
            SHAPE.join.invokeExact(scope);
        } catch (InterruptedException e) {
            throw e;
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    /** Waits until all threads have ended, and closes the scope. */
    void close() {
        try {
            SHAPE.close.invokeExact(scope);
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    // What the JDK's methods throw is unchecked, but for the InterruptedException that is caught above.
    private static RuntimeException unchecked(Throwable e) {
        if (e instanceof RuntimeException runtime) {
            throw runtime;
        }
        if (e instanceof Error error) {
            throw error;
        }
        return new IllegalStateException("StructuredTaskScope of this JDK threw what it does not declare", e);
    }

    @FunctionalInterface
    interface Opener {
        Object open(String name, ThreadFactory factory) throws Throwable;
    }

    /** The methods of the running JDK's scope, all taking and returning plain objects. */
    record Shape(Opener opener, MethodHandle fork, MethodHandle join, MethodHandle close) {

        private static final MethodHandles.Lookup LOOKUP = MethodHandles.publicLookup();

        static Shape find(String className) {
            try {
                Class<?> type = Class.forName(className);
                return new Shape(
                        type.isInterface() ? factoryMethod(type) : constructor(type),
                        handle(type.getMethod("fork", Callable.class), void.class, Object.class, Callable.class),
                        handle(type.getMethod("join"), void.class, Object.class),
                        handle(type.getMethod("close"), void.class, Object.class));
            } catch (ReflectiveOperationException | RuntimeException e) {
                return unknown(e);
            }
        }

        // Opens nothing but says why, to everybody who tries.
        private static Shape unknown(Exception missing) {
            MethodHandle never = MethodHandles.empty(MethodType.methodType(void.class, Object.class));
            Opener refusal = (name, factory) -> {
                throw new IllegalStateException(
                        ("loom-scope cannot use the StructuredTaskScope of this JDK (%s): %s. It knows the shapes of JDK 21 to 27; is"
                                        + " there a newer version of loom-scope?")
                                .formatted(Runtime.version(), missing),
                        missing);
            };
            return new Shape(refusal, MethodHandles.dropArguments(never, 1, Callable.class), never, never);
        }

        private static MethodHandle handle(Method method, Class<?> result, Class<?>... parameters)
                throws IllegalAccessException {
            return LOOKUP.unreflect(method).asType(MethodType.methodType(result, parameters));
        }

        // 21 to 24: new StructuredTaskScope(name, factory)
        private static Opener constructor(Class<?> type) throws ReflectiveOperationException {
            MethodHandle create = LOOKUP.findConstructor(
                            type, MethodType.methodType(void.class, String.class, ThreadFactory.class))
                    .asType(MethodType.methodType(Object.class, String.class, ThreadFactory.class));
            return (name, factory) -> (Object) create.invokeExact(name, factory);
        }

        // 25: open(joiner, Function); from 26 on: open(joiner, UnaryOperator). A UnaryOperator is both.
        private static Opener factoryMethod(Class<?> type) throws ReflectiveOperationException {
            Class<?> joiner = Class.forName(SCOPE + "$Joiner");
            Class<?> configuration = Class.forName(SCOPE + "$Configuration");
            MethodHandle withName =
                    handle(configuration.getMethod("withName", String.class), Object.class, Object.class, String.class);
            MethodHandle withFactory = handle(
                    configuration.getMethod("withThreadFactory", ThreadFactory.class),
                    Object.class,
                    Object.class,
                    ThreadFactory.class);
            MethodHandle open = handle(openMethod(type, joiner), Object.class, Object.class, UnaryOperator.class);
            Object silent = Proxy.newProxyInstance(
                    JdkScope.class.getClassLoader(),
                    new Class<?>[] {joiner},
                    (self, method, arguments) -> answer(method));
            return (name, factory) -> {
                UnaryOperator<@Nullable Object> configure =
                        initial -> configure(withName, withFactory, initial, name, factory);
                return (Object) open.invokeExact(silent, configure);
            };
        }

        // A joiner of our own, because those of the JDK either cancel or keep every subtask until the scope closes.
        private static @Nullable Object answer(Method method) {
            return method.getReturnType() == boolean.class ? Boolean.FALSE : null;
        }

        private static Method openMethod(Class<?> type, Class<?> joiner) throws NoSuchMethodException {
            return Arrays.stream(type.getMethods())
                    .filter(method -> method.getName().equals("open") && method.getParameterCount() == 2)
                    .filter(method -> method.getParameterTypes()[0] == joiner)
                    .filter(method -> method.getParameterTypes()[1] == Function.class
                            || method.getParameterTypes()[1] == UnaryOperator.class)
                    .findFirst()
                    .orElseThrow(() -> new NoSuchMethodException("open(Joiner, UnaryOperator)"));
        }

        private static Object configure(
                MethodHandle withName,
                MethodHandle withFactory,
                @Nullable Object initial,
                String name,
                ThreadFactory factory) {
            try {
                Object named = (Object) withName.invokeExact(initial, name);
                return (Object) withFactory.invokeExact(named, factory);
            } catch (Throwable e) {
                throw unchecked(e);
            }
        }
    }
}
