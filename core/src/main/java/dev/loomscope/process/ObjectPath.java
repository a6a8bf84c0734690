package dev.loomscope.process;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Finds the fields that lead from one object to a certain other, for messages about what cannot be serialized. Looks into arrays,
 * collections, maps and all fields that reflection may read; a path through others is not found.
 */
final class ObjectPath {

    private static final int MAX_OBJECTS = 100_000;
    private static final int MAX_KEY = 40;

    private record Step(@Nullable Step before, String name, Object object) {

        String describe() {
            Deque<String> names = new ArrayDeque<>();
            for (Step step = this; step != null; step = step.before) {
                names.addFirst(step.name);
            }
            return String.join(" -> ", names);
        }
    }

    private ObjectPath() {}

    /** Returns the shortest path, for example {@code task -> argument -> orders[3] -> session}; empty if there is none. */
    static String find(Object root, Predicate<Object> target) {
        Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<Step> open = new ArrayDeque<>();
        open.add(new Step(null, nameOf(root), root));
        seen.add(root);
        while (!open.isEmpty() && seen.size() < MAX_OBJECTS) {
            Step step = open.remove();
            if (target.test(step.object)) {
                return step.describe();
            }
            forEachNeighbour(step.object, (name, object) -> {
                if (seen.add(object)) {
                    open.add(new Step(step, name, object));
                }
            });
        }
        return "";
    }

    private static String nameOf(Object root) {
        String name = root.getClass().getSimpleName();
        return isLambda(root.getClass()) ? "lambda in " + captor(root.getClass()) : name.isEmpty() ? "task" : name;
    }

    private static void forEachNeighbour(Object object, BiConsumer<String, Object> found) {
        if (object instanceof Object[] array) {
            forEachIndexed("", toList(array), found);
        } else if (object instanceof Collection<?> collection && isPlatform(object)) {
            forEachIndexed("", new ArrayList<>(collection), found);
        } else if (object instanceof Map<?, ?> map && isPlatform(object)) {
            map.forEach((key, value) -> {
                String name = describe(key);
                offer("key " + name, key, found);
                offer("value of key " + name, value, found);
            });
        } else if (Proxy.isProxyClass(object.getClass())) {
            offer("handler", Proxy.getInvocationHandler(object), found);
        } else {
            forEachField(object, found);
        }
    }

    // toString is user code, and may throw.
    private static String describe(@Nullable Object key) {
        try {
            String text = String.valueOf(key);
            return text.length() <= MAX_KEY ? text : text.substring(0, MAX_KEY) + "...";
        } catch (RuntimeException e) {
            return "of " + (key == null ? "null" : key.getClass().getTypeName());
        }
    }

    private static List<@Nullable Object> toList(@Nullable Object[] array) {
        List<@Nullable Object> list = new ArrayList<>(array.length);
        Collections.addAll(list, array);
        return list;
    }

    private static void forEachIndexed(
            String prefix, List<? extends @Nullable Object> elements, BiConsumer<String, Object> found) {
        for (int i = 0; i < elements.size(); i++) {
            offer(prefix + "[" + i + "]", elements.get(i), found);
        }
    }

    private static void forEachField(Object object, BiConsumer<String, Object> found) {
        for (Class<?> type = object.getClass(); type != null && type != Object.class; type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                int modifiers = field.getModifiers();
                if (!Modifier.isStatic(modifiers)
                        && !Modifier.isTransient(modifiers)
                        && !field.getType().isPrimitive()) {
                    offer(nameOf(field), valueOf(field, object), found);
                }
            }
        }
    }

    private static void offer(String name, @Nullable Object value, BiConsumer<String, Object> found) {
        if (value != null) {
            found.accept(name, value);
        }
    }

    private static @Nullable Object valueOf(Field field, Object object) {
        try {
            field.setAccessible(true);
            return field.get(object);
        } catch (ReflectiveOperationException | RuntimeException e) {
            return null; // closed to us: the path may still lead elsewhere
        }
    }

    private static String nameOf(Field field) {
        Class<?> type = field.getDeclaringClass();
        if (!isLambda(type)) {
            return field.getName();
        }
        boolean capturesThis = field.getType().getName().equals(captor(type));
        return (capturesThis ? "captured 'this' of " : "captured ")
                + field.getType().getTypeName();
    }

    private static boolean isLambda(Class<?> type) {
        return type.isHidden() && type.getName().contains("$$Lambda");
    }

    private static String captor(Class<?> lambda) {
        return lambda.getName().substring(0, lambda.getName().indexOf("$$Lambda"));
    }

    private static boolean isPlatform(Object object) {
        return object.getClass().getName().startsWith("java.");
    }
}
