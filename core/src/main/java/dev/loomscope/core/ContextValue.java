package dev.loomscope.core;

import java.io.Serial;
import java.io.Serializable;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A value that is bound around code and reaches every subtask forked in there, of all three kinds: who the request is for,
 * which tenant, which locale.
 *
 * {@snippet :
 * static final ContextValue<String> TENANT = ContextValue.named("com.acme.tenant");
 *
 * TENANT.where("acme").run(() -> handle(request)); // binds
 *
 * String tenant = TENANT.get(); // anywhere below, also in a CPU subtask
 * }
 *
 * <p>The name is the identity: two of the same name are the same value, in one JVM and across processes. Start it with the
 * package of the code that owns it, and declare it once. It is {@code Serializable} itself, by its name, so that {@code
 * TENANT::get} is a task like any other.
 *
 * <p>A subtask has the values that were bound on the thread that forked it, when it forked. A CPU subtask has copies, made by
 * serialization inside {@code fork}, so what is bound around the fork of a CPU task must be {@link Serializable}. What a
 * subtask binds or changes in a copy does not come back.
 *
 * <p>It is to {@code ScopedValue} what a CPU task is to a thread. A {@code ScopedValue} needs no help to reach IO and BLOCKING
 * subtasks, since the JDK hands it on, but it has no name by which another process could find it.
 *
 * @param <T> the type of the value
 */
public final class ContextValue<T> implements Serializable {

    @Serial
    private static final long serialVersionUID = 1L;

    private final String name;

    private ContextValue(String name) {
        this.name = name;
    }

    /**
     * Returns the value of this name.
     *
     * @throws IllegalArgumentException if the name is blank
     */
    public static <T> ContextValue<T> named(String name) {
        Objects.requireNonNull(name, "name");
        if (name.isBlank()) {
            throw new IllegalArgumentException("the name of a context value must not be blank");
        }
        return new ContextValue<>(name);
    }

    /** The name it was made with. */
    public String name() {
        return name;
    }

    /** Returns what binds it to {@code value}, which must not be null, around code that is given next. */
    public Binding where(T value) {
        return new Binding(name, Objects.requireNonNull(value, "value"));
    }

    /**
     * Returns what it is bound to.
     *
     * @throws NoSuchElementException if it is not bound
     * @throws ClassCastException at the caller, if it was bound under this name as another type
     */
    public T get() {
        T value = find();
        if (value == null) {
            throw new NoSuchElementException(
                    "context value '%s' is not bound here: bind it with where(...) around the code, or the fork"
                            .formatted(name));
        }
        return value;
    }

    /**
     * Returns what it is bound to, or else {@code other}, which must not be null.
     *
     * @throws ClassCastException at the caller, if it was bound under this name as another type
     */
    public T orElse(T other) {
        Objects.requireNonNull(other, "other");
        T value = find();
        return value == null ? other : value;
    }

    /** Whether it is bound on the calling thread. */
    public boolean isBound() {
        return ContextBindings.current().containsKey(name);
    }

    // The name stands for the type, too.
    @SuppressWarnings("unchecked")
    private @Nullable T find() {
        return (T) ContextBindings.current().get(name);
    }

    /** Whether the other is a context value of the same name. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ContextValue<?> that && name.equals(that.name);
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    @Override
    public String toString() {
        return "ContextValue[" + name + "]";
    }

    /** A context value with what it will be bound to. */
    public static final class Binding {

        private final String name;
        private final Object value;

        private Binding(String name, Object value) {
            this.name = name;
            this.value = value;
        }

        /**
         * Runs {@code body} with the value bound, and returns what it returns. Afterwards the value is what it was before.
         *
         * @throws X what {@code body} throws
         */
        public <R extends @Nullable Object, X extends Exception> R call(Body<R, X> body) throws X {
            Map<String, Object> before = ContextBindings.current();
            ContextBindings.replace(ContextBindings.with(before, name, value));
            try {
                return body.call();
            } finally {
                ContextBindings.replace(before);
            }
        }

        /** Runs {@code body} with the value bound. Afterwards the value is what it was before. */
        public void run(Runnable body) {
            this.<@Nullable Void, RuntimeException>call(() -> {
                body.run();
                return null;
            });
        }
    }

    /**
     * The code around which a value is bound.
     *
     * @param <R> what it returns
     * @param <X> what it throws
     */
    @FunctionalInterface
    public interface Body<R extends @Nullable Object, X extends Exception> {

        /**
         * Returns a result.
         *
         * @throws X if it fails
         */
        R call() throws X;
    }
}
