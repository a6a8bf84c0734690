package dev.loomscope.core;

import dev.loomscope.core.MethodCalls.GroovyCall;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Judges the calls whose receiver is known only from the values that a closure holds: by the name of the method, because
 * Groovy chooses among overloads at run time.
 *
 * <p>How to find them is kept in an {@code Object[]} of JDK types, see {@link TaskVerdicts}: the fields of captured values
 * and the names of the calls, or the two fields of a method closure.
 */
final class GroovyCalls {
    private static final String WRAPPERS = "org.codehaus.groovy.runtime.wrappers.";
    private static final String PROPERTY = "."; // before the name of a property; no method begins so
    private static final List<String> EXTENSIONS = List.of(
            "org.codehaus.groovy.runtime.DefaultGroovyMethods", "org.codehaus.groovy.runtime.StringGroovyMethods");

    /** For each class, by the name of a call: the verdict on it. */
    private static final ClassValue<Map<String, String>> VERDICTS = new ClassValue<>() {
        @Override
        protected Map<String, String> computeValue(Class<?> type) {
            return new ConcurrentHashMap<>();
        }
    };

    /** For each class of a reference or wrapper: the field with what is in it. */
    private static final ClassValue<AtomicReference<@Nullable Field>> INNER = new ClassValue<>() {
        @Override
        protected AtomicReference<@Nullable Field> computeValue(Class<?> type) {
            return new AtomicReference<>();
        }
    };

    private GroovyCalls() {}

    static Object[] ofMethodClosure(Field owner, Field method) {
        return new Object[] {owner, method};
    }

    static Object[] ofCaptured(List<Field> captured, Set<GroovyCall> calls) {
        return new Object[] {
            captured.toArray(Field[]::new),
            calls.stream().map(GroovyCalls::keyOf).toArray(String[]::new)
        };
    }

    /** Adds what is said by the methods that these calls of {@code code} reach. */
    static void addVerdicts(Object code, Object[] calls, Set<String> verdicts) {
        if (calls[0] instanceof Field owner) {
            Object receiver = unwrapped(FieldAccess.read(owner, code));
            Object method = FieldAccess.read((Field) calls[1], code);
            if (receiver != null && method instanceof String name) {
                verdicts.add(verdict(receiver instanceof Class<?> type ? type : receiver.getClass(), name));
            }
            return;
        }
        for (Field field : (Field[]) calls[0]) {
            Object receiver = valueOf(field, code);
            if (receiver == null) {
                continue;
            }
            for (String call : (String[]) calls[1]) {
                verdicts.add(verdict(receiver.getClass(), call));
            }
        }
    }

    private static String verdict(Class<?> receiver, String call) {
        Map<String, String> known = VERDICTS.get(receiver);
        String verdict = known.get(call);
        if (verdict == null) {
            verdict = judge(receiver, call);
            known.put(call, verdict);
        }
        return verdict;
    }

    private static String judge(Class<?> receiver, String call) {
        boolean property = call.startsWith(PROPERTY);
        String name = property ? call.substring(PROPERTY.length()) : call;
        try {
            TaskKind kind = KindRules.verdict(
                    named(receiver, new GroovyCall("", name, property)),
                    "the call of '" + name + "' on " + receiver.getName());
            return kind == null ? TaskVerdicts.NOTHING : kind.name();
        } catch (AmbiguousTaskKindException e) {
            return Objects.requireNonNull(e.getMessage());
        }
    }

    /** Returns the methods that a call on a class may mean. */
    static List<MethodDeclarations> named(Class<?> receiver, GroovyCall call) {
        if (!call.property()) {
            return MethodDeclarations.ofName(receiver, call.name());
        }
        String capitalized = call.name().substring(0, 1).toUpperCase(Locale.ROOT)
                + call.name().substring(1);
        List<MethodDeclarations> getters = new ArrayList<>(MethodDeclarations.ofName(receiver, "get" + capitalized));
        getters.addAll(MethodDeclarations.ofName(receiver, "is" + capitalized));
        return getters;
    }

    /** Returns the calls that might mean anything, for people; null if there are none. */
    static @Nullable String unclear(Object closure, List<Field> captured, Set<GroovyCall> open) {
        Set<String> extensions = extensions(closure.getClass().getClassLoader());
        Set<String> unclear = new LinkedHashSet<>();
        for (GroovyCall call : open) {
            boolean found = call.property()
                    || extensions.contains(call.name())
                    || captured.stream()
                            .map(field -> valueOf(field, closure))
                            .anyMatch(value -> value != null
                                    && !named(value.getClass(), call).isEmpty());
            if (!found) {
                unclear.add(call.name() + "()");
            }
        }
        return unclear.isEmpty() ? null : unclear.stream().collect(Collectors.joining(", "));
    }

    /** The names of the methods that Groovy adds to all objects and to those of the JDK. */
    private static Set<String> extensions(@Nullable ClassLoader loader) {
        Set<String> names = new HashSet<>();
        for (String extension : EXTENSIONS) {
            Class<?> type = ForeignClasses.load(extension, loader);
            if (type != null) {
                ForeignClasses.methods(type).forEach(method -> names.add(method.getName()));
            }
        }
        return names;
    }

    private static String keyOf(GroovyCall call) {
        return call.property() ? PROPERTY + call.name() : call.name();
    }

    // A closure holds a variable by a groovy.lang.Reference.
    private static @Nullable Object valueOf(Field field, Object closure) {
        Object value = FieldAccess.read(field, closure);
        if (value != null && value.getClass().getName().equals("groovy.lang.Reference")) {
            return innerOf(value, "value");
        }
        return value;
    }

    // The owner of this.&method is wrapped, to say that private methods count.
    private static @Nullable Object unwrapped(@Nullable Object owner) {
        if (owner == null || !owner.getClass().getName().startsWith(WRAPPERS)) {
            return owner;
        }
        return innerOf(owner, "wrapped");
    }

    private static @Nullable Object innerOf(Object outer, String name) {
        AtomicReference<@Nullable Field> cell = INNER.get(outer.getClass());
        Field inner = cell.get();
        if (inner == null) {
            inner = FieldAccess.named(name, outer.getClass());
            cell.set(inner);
        }
        return inner == null ? outer : FieldAccess.read(inner, outer);
    }
}
