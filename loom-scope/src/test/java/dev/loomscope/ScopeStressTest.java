package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import dev.loomscope.event.ScopeEvent;
import dev.loomscope.event.ScopeEvent.SubtaskCancelled;
import dev.loomscope.event.ScopeEvent.SubtaskFinished;
import dev.loomscope.event.ScopeEvent.SubtaskForked;
import java.time.Duration;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random trees of scopes, kinds, failures, cancels and deadlines. Whatever happens: every subtask ends once in one final state,
 * nothing hangs, and no thread outlives its scope.
 */
class ScopeStressTest {

    private static final long TIME_PER_SEED = TimeUnit.MILLISECONDS.toNanos(1_500);

    private final Queue<Subtask<?>> subtasks = new ConcurrentLinkedQueue<>();
    private final Queue<Thread> threads = new ConcurrentLinkedQueue<>();
    private final Map<Long, AtomicInteger> forks = new ConcurrentHashMap<>();
    private final Map<Long, AtomicInteger> ends = new ConcurrentHashMap<>();
    private final AtomicInteger running = new AtomicInteger();
    private final Queue<Throwable> surprises = new ConcurrentLinkedQueue<>();

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @Timeout(60)
    void everySubtaskEndsOnceAndNothingIsLeft(long seed) throws Exception {
        long end = System.nanoTime() + TIME_PER_SEED;
        int trees = 0;
        while (System.nanoTime() - end < 0) {
            RandomGenerator random = random(seed * 1_000_003 + trees++);
            Patience.onItsOwnThread(() -> {
                growTree(random, 0);
                return null;
            });
            assertThat(running)
                    .as("tasks of tree %d of seed %d that still run", trees, seed)
                    .hasValue(0);
            // a platform thread leaves its container a moment before the JVM calls it dead
            Patience.until("all threads have ended", () -> threads.stream().noneMatch(Thread::isAlive));
            threads.clear();
        }
        assertThat(trees).as("trees grown").isPositive();
        assertThat(surprises).isEmpty();
        assertThat(subtasks).isNotEmpty().noneMatch(subtask -> subtask.state() == State.UNAVAILABLE);
        assertThat(forks.values()).allMatch(count -> count.get() == 1);
        assertThat(ends.keySet()).isEqualTo(forks.keySet());
        assertThat(ends.values()).allMatch(count -> count.get() == 1);
    }

    private static RandomGenerator random(long seed) {
        return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }

    private void growTree(RandomGenerator random, int depth) {
        ScopeConfig config = ScopeConfig.defaults()
                .withListener(this::count)
                .withMaxConcurrent(TaskKind.BLOCKING, 1 + random.nextInt(8));
        if (random.nextInt(10) == 0) {
            config = config.withTimeout(Duration.ofMillis(random.nextInt(5)));
        }
        try (MixedScope<Object, ?> scope = MixedScope.open(joiner(random), config)) {
            int children = random.nextInt(depth == 0 ? 30 : 8);
            for (int i = 0; i < children; i++) {
                Subtask<?> subtask = forkOne(scope, random.nextLong(), depth);
                act(random, scope, subtask);
            }
            if (random.nextInt(8) != 0) {
                scope.join();
            }
        } catch (ScopeFailedException | InterruptedException e) {
            // wanted: some of the tasks fail, and all are cancelled at some time
        } catch (IllegalStateException e) {
            if (!String.valueOf(e.getMessage()).contains("without a join")) {
                surprises.add(e);
            }
        } catch (Throwable e) {
            surprises.add(e);
        }
    }

    private static Joiner<Object, ?> joiner(RandomGenerator random) {
        return switch (random.nextInt(4)) {
            case 0 -> Joiner.awaitAll();
            case 1 -> Joiner.anySuccessfulOrThrow();
            case 2 -> Joiner.allSuccessfulOrThrow();
            default -> Joiner.awaitAllSuccessfulOrThrow();
        };
    }

    private Subtask<?> forkOne(MixedScope<Object, ?> scope, long seed, int depth) {
        RandomGenerator random = random(seed);
        int dice = random.nextInt(400);
        TaskKind kind = dice == 0 ? TaskKind.CPU : dice < 130 ? TaskKind.BLOCKING : TaskKind.IO;
        Subtask<?> subtask = kind == TaskKind.CPU
                ? scope.fork(kind, () -> seed)
                : scope.fork(kind, () -> task(scope, random(seed + 1), depth));
        subtasks.add(subtask);
        return subtask;
    }

    private static void act(RandomGenerator random, MixedScope<Object, ?> scope, Subtask<?> subtask)
            throws InterruptedException, ScopeFailedException {
        switch (random.nextInt(40)) {
            case 0 -> subtask.cancel();
            case 1 -> scope.cancel("at random");
            case 2 -> subtask.await();
            case 3 -> subtask.then(result -> "after " + result);
            case 4 -> Thread.ofVirtual().start(() -> scope.cancel("by a stranger"));
            default -> {}
        }
    }

    private Object task(MixedScope<Object, ?> scope, RandomGenerator random, int depth) throws Exception {
        threads.add(Thread.currentThread());
        running.incrementAndGet();
        try {
            return doAtRandom(scope, random, depth);
        } finally {
            running.decrementAndGet();
        }
    }

    private Object doAtRandom(MixedScope<Object, ?> scope, RandomGenerator random, int depth) throws Exception {
        switch (random.nextInt(16)) {
            case 0, 1 -> throw new IllegalStateException("at random");
            case 2 -> Thread.sleep(random.nextInt(3));
            case 3 -> LockSupport.parkNanos(random.nextInt(2_000_000)); // deaf to interrupts
            case 4 -> {
                if (depth < 3) {
                    growTree(random, depth + 1);
                }
            }
            case 5 -> {
                if (depth < 3) {
                    forkOne(scope, random.nextLong(), depth + 1);
                }
            }
            case 6 -> scope.cancel("from inside");
            case 7 -> Thread.currentThread().interrupt(); // left behind by a careless task
            default -> Thread.onSpinWait();
        }
        return depth;
    }

    private void count(ScopeEvent event) {
        switch (event) {
            case SubtaskForked forked -> count(forks, forked.id());
            case SubtaskFinished finished -> count(ends, finished.id());
            case SubtaskCancelled cancelled -> count(ends, cancelled.id());
            default -> {}
        }
    }

    private static void count(Map<Long, AtomicInteger> counters, long id) {
        counters.computeIfAbsent(id, unused -> new AtomicInteger()).incrementAndGet();
    }
}
