package dev.loomscope.process;

import java.io.InvalidObjectException;
import java.io.ObjectStreamException;
import java.io.Serializable;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import org.jspecify.annotations.Nullable;

/**
 * Stands for an {@code object} of Kotlin that is not serializable, such as {@code kotlin.Unit}, in the bytes of a task or result. There is
 * one per JVM, so what is written is where to find it.
 */
final class SingletonStub implements Serializable {

    private static final long serialVersionUID = 1;
    private static final String NAME = "INSTANCE";
    private static final ClassValue<Boolean> OF_KOTLIN = new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
            for (var annotation : type.getDeclaredAnnotations()) {
                if (annotation.annotationType().getName().equals("kotlin.Metadata")) {
                    return true;
                }
            }
            return false;
        }
    };

    private final Class<?> type;

    private SingletonStub(Class<?> type) {
        this.type = type;
    }

    /** Returns what to write for an object that is not serializable: itself, unless it is such a singleton. */
    static Object replace(Object object) {
        Class<?> type = object.getClass();
        return OF_KOTLIN.get(type) && valueOf(type) == object ? new SingletonStub(type) : object;
    }

    // An object has a field for itself; a companion is in a field of the class around it, which goes by its name.
    private static @Nullable Object valueOf(Class<?> type) {
        Object found = valueOf(type, NAME, type);
        Class<?> outer = found == null ? type.getEnclosingClass() : null;
        return outer == null ? found : valueOf(outer, type.getSimpleName(), type);
    }

    private static @Nullable Object valueOf(Class<?> owner, String name, Class<?> type) {
        try {
            Field field = owner.getDeclaredField(name);
            int modifiers = field.getModifiers();
            boolean constant = Modifier.isStatic(modifiers) && Modifier.isFinal(modifiers);
            return constant && field.getType() == type && field.trySetAccessible() ? field.get(null) : null;
        } catch (ReflectiveOperationException | RuntimeException e) {
            return null;
        }
    }

    private Object readResolve() throws ObjectStreamException {
        Object value = OF_KOTLIN.get(type) ? valueOf(type) : null;
        if (value == null) {
            throw new InvalidObjectException("%s has no single object".formatted(type.getName()));
        }
        return value;
    }
}
