package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * A pool under load, and somebody who sends signals to its workers at any time: while they start, idle, compute, answer and die. For
 * {@code -Dchaos.seconds} (5), from {@code -Dchaos.seed}.
 */
class ChaosTest {

    private static final int WORKERS = 3;
    private static final int CALLERS = 6;
    private static final Duration LENGTH = Duration.ofSeconds(Long.getLong("chaos.seconds", 3));
    private static final Duration TASK_LIMIT = Duration.ofSeconds(2);
    private static final String[] SIGNALS = {"KILL", "STOP", "STOP", "CONT", "CONT", "CONT", "SEGV"};
    private static final Set<String> DEADLY = Set.of("KILL", "SEGV");

    @RegisterExtension
    final SystemProperties properties = new SystemProperties();

    private final long seed = Long.getLong("chaos.seed", System.nanoTime());
    private final EventTrail events = new EventTrail();
    private LogTrail log;

    /** How a task may end. */
    private enum Outcome {
        RESULT,
        CANCELLED,
        CRASHED,
        NOT_STARTED
    }

    @BeforeEach
    void moveTmpdir(@TempDir Path folder) {
        properties.set("java.io.tmpdir", folder);
        log = LogTrail.follow("dev.loomscope", Level.ERROR);
    }

    @AfterEach
    void closeLog() {
        log.close();
    }

    @Test
    @Tag("slow")
    @Timeout(value = 1, unit = TimeUnit.HOURS) // it ends by itself; each task has a limit of its own
    void everyTaskHasOneOutcomeWhateverSignalsItsWorkerGets() throws Exception {
        System.out.printf("chaos: -Dchaos.seconds=%d -Dchaos.seed=%d%n", LENGTH.toSeconds(), seed);
        long end = System.nanoTime() + LENGTH.toNanos();
        Map<Outcome, Integer> outcomes = new EnumMap<>(Outcome.class);
        ProcessPool pool = ProcessPool.open(c -> c.withName("chaos")
                .withWorkers(WORKERS)
                .withMaxHeapMiB(32)
                .withStartTimeout(Duration.ofSeconds(5))
                .withCancelGrace(Duration.ofMillis(100))
                .withListener(events));
        try (pool;
                var threads = Executors.newFixedThreadPool(CALLERS + 1);
                ScheduledExecutorService timer = Executors.newScheduledThreadPool(1)) {
            Future<Integer> killer = threads.submit(() -> sendSignals(end));
            List<Future<List<Outcome>>> callers = IntStream.range(0, CALLERS)
                    .mapToObj(caller -> threads.submit(() -> call(pool, timer, new Random(seed + caller), end)))
                    .toList();
            for (Future<List<Outcome>> caller : callers) {
                caller.get().forEach(outcome -> outcomes.merge(outcome, 1, Integer::sum));
            }
            System.out.printf("chaos: %d signals, outcomes %s, %s%n", killer.get(), outcomes, pool);

            assertFullStrength(pool);
        }
        assertThat(workers()).as("processes that are left, seed %d", seed).isEmpty();
        assertThat(Pids.alive(events.pids())).isEmpty();
        assertThat(log.messages()).as("errors, seed %d", seed).isEmpty();
    }

    // As scopes do: each task has a deadline, at which it is cancelled.
    private List<Outcome> call(ProcessPool pool, ScheduledExecutorService timer, Random random, long end)
            throws Exception {
        List<Outcome> outcomes = new ArrayList<>();
        for (int i = 0; System.nanoTime() < end; i++) {
            int number = random.nextInt(10_000);
            byte[] load = new byte[random.nextInt(20) == 0 ? 1_000_000 : random.nextInt(1_000)];
            int millis = random.nextInt(4) == 0 ? random.nextInt(50) : 0;
            PoolRun<byte[]> run = PoolRun.start(pool, "chaos-" + number, () -> answer(number, load, millis));
            Future<?> limit = timer.schedule(
                    () -> run.cancel("deadline"),
                    random.nextInt(10) == 0 ? random.nextInt(20) : TASK_LIMIT.toMillis(),
                    TimeUnit.MILLISECONDS);
            outcomes.add(outcomeOf(run, number, load));
            limit.cancel(false);
        }
        return outcomes;
    }

    private static byte[] answer(int number, byte[] load, int millis) throws InterruptedException {
        Thread.sleep(millis);
        byte[] answer = load.clone();
        if (answer.length > 0) {
            answer[answer.length - 1] = (byte) Work.square(number);
        }
        return answer;
    }

    // Whatever else it is fails the test, and so does no outcome within half a minute.
    private Outcome outcomeOf(PoolRun<byte[]> run, int number, byte[] load) throws Exception {
        try {
            byte[] result = run.get();
            assertThat(result).as("seed %d", seed).isEqualTo(answer(number, load, 0));
            return Outcome.RESULT;
        } catch (CancellationException | InterruptedException e) {
            return Outcome.CANCELLED;
        } catch (WorkerCrashedException e) {
            return Outcome.CRASHED;
        } catch (WorkerStartException e) {
            return Outcome.NOT_STARTED;
        }
    }

    private int sendSignals(long end) throws Exception {
        Random random = new Random(seed);
        Set<Long> doomed = new HashSet<>();
        int sent = 0;
        while (System.nanoTime() < end) {
            List<Long> workers = workers();
            if (!workers.isEmpty()) {
                long pid = workers.get(random.nextInt(workers.size()));
                String signal = SIGNALS[random.nextInt(SIGNALS.length)];
                send(signal, pid);
                if (DEADLY.contains(signal)) {
                    doomed.add(pid);
                }
                sent++;
            }
            Thread.sleep(random.nextInt(400)); // a loaded machine needs seconds for a start
        }
        for (long pid : workers()) {
            send("CONT", pid);
        }
        // One that was stopped hears of them only now, and may have a task by then.
        Eventually.becomesTrue(
                "deadly signals have come, seed " + seed, () -> doomed.stream().noneMatch(Pids::isAlive));
        return sent;
    }

    private static void send(String signal, long pid) throws Exception {
        new ProcessBuilder("/bin/sh", "-c", "kill -%s %d 2>/dev/null".formatted(signal, pid))
                .start()
                .waitFor();
    }

    // Our children with an argument file in the folder of this test, also while they start.
    private static List<Long> workers() {
        String folder = System.getProperty("java.io.tmpdir");
        return ProcessHandle.current()
                .children()
                .filter(child -> Stream.of(child.info().arguments().orElse(new String[0]))
                        .anyMatch(argument -> argument.startsWith("@" + folder)))
                .map(ProcessHandle::pid)
                .filter(Pids::isAlive)
                .sorted()
                .toList();
    }

    // As many tasks as there are workers meet, and none of them leaves before: two workers cannot do that for three.
    private void assertFullStrength(ProcessPool pool) throws Exception {
        Path meeting = Files.createTempDirectory("meeting");
        List<String> all = IntStream.range(0, WORKERS)
                .mapToObj(guest -> meeting.resolve("guest" + guest).toString())
                .toList();
        List<PoolRun<Long>> guests = new ArrayList<>();
        for (String mine : all) {
            guests.add(PoolRun.start(pool, () -> Work.meetAll(mine, all)));
        }
        for (PoolRun<Long> guest : guests) {
            assertThat(guest.get()).as("seed %d", seed).isPositive();
        }
        try {
            Eventually.becomesTrue(
                    "full strength, seed " + seed,
                    () -> pool.toString().contains("%d of %d workers, 0 starting".formatted(WORKERS, WORKERS)));
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + ": " + pool, e);
        }
    }
}
