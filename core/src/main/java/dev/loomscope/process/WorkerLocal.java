package dev.loomscope.process;

import dev.loomscope.core.Task;
import java.io.Serial;
import java.io.Serializable;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A value that is made once in each worker process, by the first task that asks for it, and kept for those that follow: a model, a
 * compiled grammar, a connection.
 *
 * {@snippet :
 * static final WorkerLocal<Model> MODEL = WorkerLocal.named("com.acme.model", () -> Model.load(path));
 *
 * Subtask<Label> label = scope.fork(CPU, () -> MODEL.get().classify(image));
 * }
 *
 * <p>The name is the identity: of two that have the same name, the first one asked makes the value in its process. Start it with the
 * package of the code that owns it. It is {@link Serializable} itself, by name and maker, so that a task may capture it; the
 * value stays where it is.
 *
 * <p>When a worker is retired, values that are {@link AutoCloseable} are closed, the last made first. All of it may take two seconds,
 * then the worker is killed; what they throw goes to the worker's stderr, which is in the parent's log. Nothing is closed in a
 * worker that is killed or crashes, nor in one whose parent is gone or exits.
 *
 * <p>In a process that is no worker there is one value too, which nobody closes: code that asks for it can run anywhere. It may be
 * asked for on many threads there, by IO subtasks for one, so it is then to be thread-safe.
 *
 * @param <T> the type of the value
 */
public final class WorkerLocal<T> implements Serializable {

    @Serial
    private static final long serialVersionUID = 1L;

    private final String name;
    private final Task<? extends T> maker;

    private WorkerLocal(String name, Task<? extends T> maker) {
        this.name = name;
        this.maker = maker;
    }

    /**
     * Returns the value of this name, which {@code maker} makes where there is none. It must not return null.
     *
     * @throws NullPointerException if one is null
     * @throws IllegalArgumentException if the name is blank
     */
    public static <T> WorkerLocal<T> named(String name, Task<? extends T> maker) {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(maker, "maker");
        if (name.isBlank()) {
            throw new IllegalArgumentException("the name of a worker-local must not be blank");
        }
        return new WorkerLocal<>(name, maker);
    }

    /** The name it was made with. */
    public String name() {
        return name;
    }

    /**
     * Returns the value in this process. The first to ask makes it, and others who ask meanwhile wait. A maker that throws leaves
     * nothing behind: the next to ask tries again.
     *
     * @throws NullPointerException if the maker returned null
     * @throws IllegalStateException if the maker asks for its own value, or has thrown a checked exception, which is the cause
     * @throws ClassCastException at the caller, if another type was made under this name
     */
    // The name stands for the type, too.
    @SuppressWarnings("unchecked")
    public T get() {
        try {
            return (T) WorkerValues.get(name, maker);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("worker-local '%s' could not be made: %s".formatted(name, e), e);
        }
    }

    /** Whether the other is a worker-local of the same name. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof WorkerLocal<?> that && name.equals(that.name);
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    @Override
    public String toString() {
        return "WorkerLocal[" + name + "]";
    }
}
