package dev.loomscope.core;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Reads what a task captured, where the module of its class lets us. */
final class FieldAccess {

    private FieldAccess() {}

    /** Returns the readable instance fields that {@code type} itself declares and whose type fits. */
    static List<Field> declaredBy(Class<?> type, Predicate<Class<?>> fits) {
        List<Field> fields = ForeignClasses.orAbsent(type, () -> List.of(type.getDeclaredFields()));
        var readable = new ArrayList<Field>();
        for (Field field : fields == null ? List.<Field>of() : fields) {
            if (!Modifier.isStatic(field.getModifiers()) && fits.test(field.getType()) && open(field)) {
                readable.add(field);
            }
        }
        return readable;
    }

    /** Returns a field by its name, of the class or a superclass; null if there is no such readable field. */
    static @Nullable Field named(String name, Class<?> type) {
        for (Class<?> each = type; each != null; each = each.getSuperclass()) {
            Class<?> declarer = each;
            Field field = ForeignClasses.orAbsent(type, () -> {
                for (Field candidate : declarer.getDeclaredFields()) {
                    if (candidate.getName().equals(name)) {
                        return candidate;
                    }
                }
                return null;
            });
            if (field != null) {
                return open(field) ? field : null;
            }
        }
        return null;
    }

    /** Returns the value, which may be null; null also if it cannot be read. */
    static @Nullable Object read(Field field, Object owner) {
        try {
            return field.get(owner);
        } catch (ReflectiveOperationException | RuntimeException e) {
            return null;
        }
    }

    private static boolean open(Field field) {
        try {
            return field.trySetAccessible();
        } catch (RuntimeException e) {
            return false;
        }
    }
}
