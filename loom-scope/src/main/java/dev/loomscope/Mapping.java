package dev.loomscope;

import dev.loomscope.core.Task;
import dev.loomscope.core.TaskConsumer;
import dev.loomscope.core.TaskFunction;
import dev.loomscope.core.TaskKind;
import java.io.Serial;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * Applies a function to many items, so many at once, in a scope of its own: {@link MixedScope#map} and {@link
 * MixedScope#forEach}.
 *
 * <p>Items are taken from their source only when there is room for them, and results leave their subtask when it ends, so
 * that neither waits in memory longer than it must. CPU items go to workers in chunks, whose size follows the time that
 * they take.
 */
final class Mapping<A extends @Nullable Object, U extends @Nullable Object> {

    private final TaskKind kind;
    private final int atOnce;
    private final TaskFunction<? super A, ? extends U> function;
    private final boolean keepsResults;
    private final ChunkSize chunkSize;
    private final IdentityHashMap<Subtask<?>, Chunk> running = new IdentityHashMap<>();
    private final List<U> results = new ArrayList<>();
    private int taken;
    private @Nullable Subtask<?> withoutResult; // one that has ended without

    /** Which items a subtask has. */
    private record Chunk(int first, int size) {}

    /**
     * For a function.
     *
     * @param atOnce how many subtasks run at once
     * @param keepsResults whether {@link #run} returns what the function does
     */
    Mapping(TaskKind kind, int atOnce, TaskFunction<? super A, ? extends U> function, boolean keepsResults) {
        if (atOnce < 1) {
            throw new IllegalArgumentException("at least 1 item must be allowed at once, not " + atOnce);
        }
        this.kind = kind;
        this.atOnce = atOnce;
        this.function = function;
        this.keepsResults = keepsResults;
        this.chunkSize = kind == TaskKind.CPU ? ChunkSize.adaptive() : ChunkSize.one();
    }

    /** How many subtasks of a kind run at once if nobody says. */
    static int defaultAtOnce(TaskKind kind, ScopeConfig config) {
        return switch (kind) {
            case IO -> Math.min(config.maxIo(), 256);
            case BLOCKING -> config.maxBlocking();
            case CPU -> 2 * Runtime.getRuntime().availableProcessors(); // one runs while the next is on its way
        };
    }

    /** Runs it on the calling thread, in a scope with this configuration. Returns the results in the order of the items. */
    List<U> run(Iterable<? extends A> items, ScopeConfig config) throws InterruptedException, ScopeFailedException {
        return ScopeCall.<List<U>, RuntimeException>run(config, scope -> {
            Iterator<? extends A> source = items.iterator();
            Completions<@Nullable Object> completions = scope.completions();
            try {
                while (source.hasNext()) {
                    if (running.size() == atOnce) {
                        completions.next().ifPresent(this::collect);
                    }
                    forkNext((NurseryScope<@Nullable Object, ?>) scope, source);
                }
                completions.forEach(this::collect);
            } catch (ScopeFailedException e) {
                scope.join(); // has every failure, where this one has those so far
                throw e;
            }
            Subtask<?> missing = withoutResult;
            if (missing != null) {
                scope.join();
                throw new CancellationException(
                        "subtask '%s' was cancelled alone: there is no result of its items".formatted(missing.name()));
            }
            return Collections.unmodifiableList(results);
        });
    }

    // It waits if the pool has no room: memory is the bound of what is on its way, whatever the number of items is.
    private void forkNext(NurseryScope<@Nullable Object, ?> scope, Iterator<? extends A> source)
            throws InterruptedException {
        int first = taken;
        ArrayList<A> items = new ArrayList<>();
        int size = chunkSize.next();
        while (items.size() < size && source.hasNext()) {
            items.add(source.next());
        }
        taken += items.size();
        for (int i = 0; keepsResults && i < items.size(); i++) {
            results.add(placeholder());
        }
        String name = items.size() == 1 ? "item " + first : "items %s to %s".formatted(first, taken - 1);
        Subtask<?> subtask = scope.forkWhenRoom(name, kind, new ChunkTask<>(function, items, keepsResults));
        running.put(subtask, new Chunk(first, items.size()));
    }

    // Only until the result is there.
    @SuppressWarnings("NullAway")
    private U placeholder() {
        return null;
    }

    // Subtasks here are chunk tasks, whose results are lists of what the function returned.
    @SuppressWarnings("unchecked")
    private void collect(Subtask<?> subtask) {
        Chunk chunk = running.remove(subtask);
        if (chunk == null) {
            return;
        }
        if (subtask.state() != Subtask.State.SUCCESS) {
            withoutResult = subtask; // mostly join says why
            return;
        }
        chunkSize.took(chunk.size(), subtask);
        List<U> ofChunk = (List<U>) subtask.get();
        for (int i = 0; keepsResults && i < ofChunk.size(); i++) {
            results.set(chunk.first() + i, ofChunk.get(i));
        }
    }

    /** A consumer as a function without a result. */
    record Consumption<A extends @Nullable Object>(TaskConsumer<? super A> action)
            implements TaskFunction<A, @Nullable Void> {

        @Override
        public @Nullable Void apply(A item) throws Exception {
            action.accept(item);
            return null;
        }
    }

    /** What a subtask runs. */
    @SuppressWarnings("NonApiType") // a List need not be Serializable
    private static final class ChunkTask<A extends @Nullable Object, U extends @Nullable Object>
            implements Task<ArrayList<U>> {

        @Serial
        private static final long serialVersionUID = 1L;

        private final TaskFunction<? super A, ? extends U> function;
        private final ArrayList<A> items;
        private final boolean keepsResults;

        ChunkTask(TaskFunction<? super A, ? extends U> function, ArrayList<A> items, boolean keepsResults) {
            this.function = function;
            this.items = items;
            this.keepsResults = keepsResults;
        }

        @SuppressWarnings("NullAway") // an item is an A, null or not
        @Override
        public ArrayList<U> call() throws Exception {
            ArrayList<U> results = new ArrayList<>(keepsResults ? items.size() : 0);
            for (A item : items) {
                MixedScope.checkCancelled();
                U result = function.apply(item);
                if (keepsResults) {
                    results.add(result);
                }
            }
            return results;
        }
    }
}
