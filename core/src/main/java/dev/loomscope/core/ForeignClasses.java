package dev.loomscope.core;

import java.io.InputStream;
import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks into classes that are not ours. Any of them may be missing, broken or generated, and their loaders run code of
 * others; what cannot be loaded, linked or read is absent here and no error, so that {@code fork} does not fail because
 * of a class that the task may never use.
 */
final class ForeignClasses {
    private static final Logger log = LoggerFactory.getLogger(ForeignClasses.class);

    private ForeignClasses() {}

    /** Loads a class without initializing it. */
    static @Nullable Class<?> load(String name, @Nullable ClassLoader loader) {
        return orAbsent(name, () -> Class.forName(name, false, loader));
    }

    static List<Method> methods(Class<?> type) {
        List<Method> methods = orAbsent(type, () -> List.of(type.getDeclaredMethods()));
        return methods == null ? List.of() : methods;
    }

    static List<Annotation> annotations(AnnotatedElement element) {
        List<Annotation> annotations = orAbsent(element, () -> List.of(element.getDeclaredAnnotations()));
        return annotations == null ? List.of() : annotations;
    }

    /** Returns the bytes of the class file of {@code type}, or null if it was not loaded from a file. */
    static byte @Nullable [] classFile(Class<?> type) {
        String file = type.getName().substring(type.getName().lastIndexOf('.') + 1) + ".class";
        return orAbsent(type, () -> {
            try (InputStream in = type.getResourceAsStream(file)) {
                if (in == null) {
                    log.debug("No class file of {}: the methods called there do not count for kinds of tasks", type);
                }
                return in == null ? null : in.readAllBytes();
            }
        });
    }

    /** Looks at something, or returns null. */
    static <T> @Nullable T orAbsent(Object what, Callable<? extends @Nullable T> look) {
        try {
            return look.call();
        } catch (Exception | LinkageError e) {
            log.debug("Cannot look into {}: it does not count for kinds of tasks", what, e);
            return null;
        }
    }
}
