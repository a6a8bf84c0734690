package dev.loomscope;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One copy of OpenTelemetry's {@code Context} interface in this JVM.
 *
 * <p>The application's copy and the copy inside the java agent differ only in their names. Method handles reach both, and
 * loom-scope compiles and runs without either.
 *
 * @param current {@code Context.current()}, as {@code ()Object}
 * @param makeCurrent {@code Context.makeCurrent()}, as {@code (Object)AutoCloseable}
 * @param root {@code Context.root()}
 */
record OpenTelemetryApi(MethodHandle current, MethodHandle makeCurrent, Object root) {

    private static final Logger log = LoggerFactory.getLogger(OpenTelemetryApi.class);

    /**
     * Looks for a copy.
     *
     * @param contextName the binary name of the interface
     * @param loader where to look; null for the bootstrap loader
     * @return the copy, or null if the loader has no such class
     */
    static @Nullable OpenTelemetryApi find(String contextName, @Nullable ClassLoader loader) {
        Class<?> type;
        try {
            type = Class.forName(contextName, false, loader);
        } catch (ClassNotFoundException | LinkageError e) {
            return null;
        }
        try {
            return of(type);
        } catch (Throwable e) { // a missing method, or a context storage of the application that throws
            SafeText.warn(
                    log,
                    "OpenTelemetry context will not reach subtasks: %s cannot be used. Check that the OpenTelemetry jars have one version"
                            .formatted(contextName),
                    e);
            return null;
        }
    }

    private static OpenTelemetryApi of(Class<?> type) throws Throwable {
        MethodHandles.Lookup lookup = MethodHandles.publicLookup();
        MethodHandle current = lookup.unreflect(type.getMethod("current"));
        MethodHandle makeCurrent = lookup.unreflect(type.getMethod("makeCurrent"));
        MethodHandle root = lookup.unreflect(type.getMethod("root"));
        return new OpenTelemetryApi(
                current.asType(MethodType.methodType(Object.class)),
                makeCurrent.asType(MethodType.methodType(AutoCloseable.class, Object.class)),
                root.invoke());
    }

    /** Returns the context of the calling thread, which is {@link #root} if the thread has none. */
    Object currentContext() {
        try {
            return (Object) current.invokeExact();
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    /** Gives the calling thread a context, until the returned object is closed on that thread. */
    AutoCloseable attach(Object context) {
        try {
            return (AutoCloseable) makeCurrent.invokeExact(context);
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    /** Closes what {@link #attach} has returned. */
    static void detach(AutoCloseable scope) {
        try {
            scope.close();
        } catch (Exception e) {
            throw unchecked(e);
        }
    }

    // The methods declare no checked exception.
    private static RuntimeException unchecked(Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        return e instanceof RuntimeException runtime
                ? runtime
                : new IllegalStateException("OpenTelemetry's Context threw an exception that it does not declare", e);
    }
}
