package dev.loomscope.core;

import java.lang.reflect.Field;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers what the code of tasks says about its kind, so that each call site is inspected once.
 *
 * <p>A verdict is a string: the name of a {@link TaskKind}, {@link #NOTHING}, or the message of an {@link
 * AmbiguousTaskKindException}.
 *
 * <p>Some compilers put one function object inside another, so one class serves many call sites. The verdict then
 * belongs to the inner objects, and the cache holds the fields that lead to them.
 */
final class TaskVerdicts {
    /** The verdict on code that says nothing. */
    static final String NOTHING = "";

    private static final Logger log = LoggerFactory.getLogger(TaskClassifier.class);

    /**
     * What is known about the class of a task: null until it has been inspected; a {@code String} if that is the verdict
     * on all its objects; else an {@code Object[]} for {@link #ofParts}. It holds JDK types only: a value of our own type, held
     * by a class of a parent loader, would keep our own class loader from being unloaded.
     */
    private static final ClassValue<AtomicReference<@Nullable Object>> KNOWN = new ClassValue<>() {
        @Override
        protected AtomicReference<@Nullable Object> computeValue(Class<?> type) {
            return new AtomicReference<>();
        }
    };

    private TaskVerdicts() {}

    /** Returns the verdict on a task, or on a function inside one. */
    static String of(Object code) {
        AtomicReference<@Nullable Object> cell = KNOWN.get(code.getClass());
        Object known = cell.get();
        if (known == null) {
            known = learn(code, cell);
        }
        return known instanceof String verdict ? verdict : ofParts(code, (Object[]) known);
    }

    private static Object learn(Object code, AtomicReference<@Nullable Object> cell) {
        Judgement judgement;
        try {
            judgement = KindRules.judge(code);
        } catch (AmbiguousTaskKindException e) {
            judgement = Judgement.of(Objects.requireNonNull(e.getMessage()));
        }
        // Threads that race here find the same; one of them reports it.
        if (cell.compareAndSet(null, judgement.known()) && judgement.warning() != null) {
            log.warn("{}", judgement.warning());
        }
        return Objects.requireNonNull(cell.get());
    }

    /**
     * Combines the verdicts on the parts of an object.
     *
     * @param known its own verdict, then what leads to its parts: a {@link Field} of an inner function, {@link
     *     Proxy}{@code .class} for the handler of a proxy, or an {@code Object[]} for {@link GroovyCalls#addVerdicts}
     */
    private static String ofParts(Object code, Object[] known) {
        Set<String> verdicts = new LinkedHashSet<>();
        verdicts.add((String) known[0]);
        for (int i = 1; i < known.length; i++) {
            if (known[i] instanceof Field field) {
                addIfPresent(FieldAccess.read(field, code), verdicts);
            } else if (known[i] instanceof Object[] calls) {
                GroovyCalls.addVerdicts(code, calls, verdicts);
            } else {
                InvocationHandler handler = Proxy.getInvocationHandler(code);
                addIfPresent(handler, verdicts);
            }
        }
        verdicts.remove(NOTHING);
        return switch (verdicts.size()) {
            case 0 -> NOTHING;
            case 1 -> verdicts.iterator().next();
            default -> contradiction(code, verdicts);
        };
    }

    private static void addIfPresent(@Nullable Object part, Set<String> verdicts) {
        if (part != null) {
            verdicts.add(of(part));
        }
    }

    private static String contradiction(Object code, Set<String> verdicts) {
        for (String verdict : verdicts) {
            if (verdict.indexOf(' ') >= 0) {
                return verdict; // a message already
            }
        }
        return "the task %s is of %s kinds: the functions in it are %s. Pass the kind that it shall run as, scope.fork(TaskKind.%s, ...), or split it into one task per kind."
                .formatted(
                        code.getClass().getName(),
                        verdicts.size(),
                        String.join(" and ", verdicts),
                        verdicts.contains("CPU") ? "CPU" : "BLOCKING");
    }
}
