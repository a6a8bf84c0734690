package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.Subtask.State;
import dev.loomscope.core.CpuBackend;
import dev.loomscope.core.TaskFunction;
import dev.loomscope.core.TaskKind;
import dev.loomscope.event.ScopeEvent;
import dev.loomscope.event.ScopeEvent.SubtaskCancelled;
import dev.loomscope.event.ScopeEvent.SubtaskFinished;
import dev.loomscope.event.ScopeEvent.SubtaskForked;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** One random tree of scopes, which does everything that a scope can do and notes what becomes of it. */
final class StressTree {

    private static final int DEEPEST = 3;

    private final Limiter shared;
    private final CpuBackend workers;
    private final Queue<Subtask<?>> subtasks = new ConcurrentLinkedQueue<>();
    private final Queue<Thread> threads = new ConcurrentLinkedQueue<>();
    private final Map<Long, AtomicInteger> forks = new ConcurrentHashMap<>();
    private final Map<Long, AtomicInteger> ends = new ConcurrentHashMap<>();
    private final AtomicInteger running = new AtomicInteger();
    private final Queue<Throwable> surprises = new ConcurrentLinkedQueue<>();

    /**
     * A tree that has not grown.
     *
     * @param shared bounds some of its subtasks, together with those of other trees
     * @param workers runs its CPU subtasks
     */
    StressTree(Limiter shared, CpuBackend workers) {
        this.shared = shared;
        this.workers = workers;
    }

    /** Grows it on the calling thread, and returns when its outermost scope is closed. */
    void grow(long seed) {
        grow(random(seed), 0);
        if (Thread.interrupted()) {
            surprises.add(new AssertionError("an interrupt was left on the owner"));
        }
    }

    /** Whatever it did: every subtask ended once, in one final state, and nothing of it goes on. */
    void check(String which) {
        assertThat(surprises).as(which).isEmpty();
        assertThat(running).as("tasks that still run, " + which).hasValue(0);
        // a platform thread leaves its container a moment before the JVM calls it dead
        Patience.until("no thread has a task, " + which, () -> threads.stream().noneMatch(StressTree::hasTask));
        assertThat(subtasks).as(which).noneMatch(subtask -> subtask.state() == State.UNAVAILABLE);
        assertThat(forks.values()).as(which).allMatch(count -> count.get() == 1);
        assertThat(ends.keySet()).as(which).isEqualTo(forks.keySet());
        assertThat(ends.values()).as(which).allMatch(count -> count.get() == 1);
    }

    int size() {
        return forks.size();
    }

    private static RandomGenerator random(long seed) {
        return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }

    private void grow(RandomGenerator random, int depth) {
        try (MixedScope<Object, ?> scope = MixedScope.open(joiner(random), config(random))) {
            int children = random.nextInt(depth == 0 ? 30 : 8);
            for (int i = 0; i < children; i++) {
                act(random, scope, forkOne(scope, random.nextLong(), depth));
            }
            if (random.nextInt(8) != 0) {
                scope.join();
            }
            if (random.nextInt(8) == 0) { // another round
                forkOne(scope, random.nextLong(), depth);
                scope.join();
            }
        } catch (ScopeFailedException | InterruptedException | CancellationException | LimiterDeadlockException e) {
            // wanted: some of the tasks fail, all are cancelled at some time, and few permits are asked for in a nest
        } catch (IllegalStateException e) {
            if (!String.valueOf(e.getMessage()).contains("without a join")) {
                surprises.add(e);
            }
        } catch (Throwable e) {
            surprises.add(e);
        }
    }

    private static boolean hasTask(Thread thread) {
        return thread.isAlive() && !thread.getName().startsWith("loom-scope-blocking-");
    }

    private ScopeConfig config(RandomGenerator random) {
        ScopeConfig config = ScopeConfig.defaults()
                .withListener(this::count)
                .withCpuBackend(workers)
                .withStragglerGrace(Duration.ofSeconds(30));
        config = random.nextInt(4) == 0
                ? config.withLimiter(TaskKind.BLOCKING, shared)
                : config.withMaxConcurrent(TaskKind.BLOCKING, 1 + random.nextInt(8));
        if (random.nextInt(4) == 0) {
            config = config.withMaxConcurrent(TaskKind.IO, 1 + random.nextInt(8));
        }
        if (random.nextInt(4) == 0) {
            config = config.withReusedThreads(true);
        }
        if (random.nextInt(10) == 0) {
            config = config.withTimeout(Duration.ofMillis(random.nextInt(5)));
        }
        return config;
    }

    private static Joiner<Object, ?> joiner(RandomGenerator random) {
        return switch (random.nextInt(5)) {
            case 0 -> Joiner.awaitAll();
            case 1 -> Joiner.anySuccessfulOrThrow();
            case 2 -> Joiner.allSuccessfulOrThrow();
            case 3 -> Joiner.allUntil(subtask -> subtask.state() == State.FAILED);
            default -> Joiner.awaitAllSuccessfulOrThrow();
        };
    }

    private Subtask<?> forkOne(MixedScope<Object, ?> scope, long seed, int depth) {
        RandomGenerator random = random(seed);
        Subtask<?> subtask = random.nextInt(200) == 0
                ? forkInWorker(scope, random, seed)
                : forker(scope, random)
                        .fork(random.nextInt(3) == 0 ? TaskKind.BLOCKING : TaskKind.IO, () -> task(scope, seed, depth));
        subtasks.add(subtask);
        return subtask;
    }

    private static Forker<Object> forker(MixedScope<Object, ?> scope, RandomGenerator random) {
        return switch (random.nextInt(12)) {
            case 0 -> scope.asDaemons();
            case 1 -> scope.withCancelPolicy(CancelPolicy.WAIT);
            default -> scope.forker();
        };
    }

    private static Subtask<?> forkInWorker(MixedScope<Object, ?> scope, RandomGenerator random, long seed) {
        return switch (random.nextInt(12)) {
            case 0 -> {
                Subtask<?> endless = scope.fork(TaskKind.CPU, () -> Patience.forever());
                Thread.ofVirtual().start(endless::cancel);
                yield endless;
            }
            case 1 -> scope.fork(TaskKind.CPU, () -> Runtime.getRuntime().halt(3));
            case 2 ->
                scope.fork(TaskKind.CPU, () -> {
                    throw new IllegalStateException("at random, in a worker");
                });
            default -> scope.fork(TaskKind.CPU, () -> seed);
        };
    }

    private static void act(RandomGenerator random, MixedScope<Object, ?> scope, Subtask<?> subtask)
            throws InterruptedException, ScopeFailedException {
        switch (random.nextInt(60)) {
            case 0 -> subtask.cancel();
            case 1 -> scope.cancel("at random");
            case 2 -> subtask.await();
            case 3 -> subtask.then((TaskFunction<Object, String>) result -> "after " + result);
            case 4 -> Thread.ofVirtual().start(() -> scope.cancel("by a stranger"));
            case 5 -> scope.completions().next();
            case 6 -> scope.moveDeadline(Deadline.after(Duration.ofMillis(random.nextInt(20))));
            case 7 -> scope.map(TaskKind.IO, 2, List.of(1, 2, 3), n -> n);
            case 8 -> scope.<Integer>start(TaskKind.IO, ready -> ready.started(1));
            case 9 -> scope.snapshot();
            default -> {}
        }
    }

    private Object task(MixedScope<Object, ?> scope, long seed, int depth) throws Exception {
        threads.add(Thread.currentThread());
        running.incrementAndGet();
        try {
            return doAtRandom(scope, random(seed + 1), depth);
        } finally {
            running.decrementAndGet();
        }
    }

    private Object doAtRandom(MixedScope<Object, ?> scope, RandomGenerator random, int depth) throws Exception {
        switch (random.nextInt(20)) {
            case 0, 1 -> throw new IllegalStateException("at random");
            case 2 -> Thread.sleep(random.nextInt(3));
            case 3 -> LockSupport.parkNanos(random.nextInt(2_000_000)); // deaf to interrupts
            case 4 -> growDeeper(random, depth);
            case 5 -> {
                if (depth < DEEPEST) {
                    forkOne(scope, random.nextLong(), depth + 1);
                }
            }
            case 6 -> scope.cancel("from inside");
            case 7 -> Thread.currentThread().interrupt(); // left behind by a careless task
            case 8 -> Shield.run(() -> growDeeper(random, depth));
            case 9 -> {
                try (CancelHook hook = MixedScope.onCancel(() -> Thread.sleep(1))) {
                    Thread.sleep(random.nextInt(3));
                }
            }
            case 10 -> {
                MixedScope.checkCancelled();
                Shield.run(() -> LockSupport.parkNanos(random.nextInt(500_000)));
            }
            default -> Thread.onSpinWait();
        }
        return depth;
    }

    private void growDeeper(RandomGenerator random, int depth) {
        if (depth < DEEPEST) {
            grow(random, depth + 1);
        }
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
