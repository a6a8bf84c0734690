package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.core.CpuRequest;
import dev.loomscope.core.Task;
import dev.loomscope.core.TaskContext;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FairTurnsTest {

    private static final int MANY = 10_000;
    private static final int FEW = 20;

    private final JobQueue queue = new JobQueue();

    private static PoolJob<?> job(String name, Object group) {
        return job(name, group, 0);
    }

    private static PoolJob<?> job(String name, Object group, int heapMiB) {
        CpuRequest<Long> request = new CpuRequest<>(
                (Task<Long>) Work::pid, name, runner -> {}, TaskContext.EMPTY, () -> null, heapMiB, group);
        return new PoolJob<>(
                null, null, 0, request, TaskCodec.encodeTask(name, TaskContext.EMPTY, request.task()), 0, null);
    }

    private List<String> takeAllInTurn() {
        List<String> names = new ArrayList<>();
        while (!queue.isEmpty()) {
            names.add(queue.take().name());
        }
        assertThat(queue.size()).isZero();
        return names;
    }

    @Test
    void groupsTakeTurnsAndEachKeepsItsOrder() {
        Stream.of("a1", "a2", "a3", "a4").forEach(name -> queue.add(job(name, "a")));
        Stream.of("b1", "b2").forEach(name -> queue.add(job(name, "b")));
        Stream.of("n1", "n2").forEach(name -> queue.add(job(name, null)));

        assertThat(takeAllInTurn()).containsExactly("a1", "b1", "n1", "a2", "b2", "n2", "a3", "a4");
    }

    @Test
    void whoComesNewWaitsForNoMoreThanOneTaskOfEachOther() {
        Stream.of("a1", "a2", "a3").forEach(name -> queue.add(job(name, "a")));
        assertThat(queue.take().name()).isEqualTo("a1");
        queue.add(job("b1", "b"));

        assertThat(takeAllInTurn()).containsExactly("a2", "b1", "a3");
    }

    @Test
    void aTaskThatIsSentAgainIsNextWhateverItsGroup() {
        PoolJob<?> lost = job("b1", "b");
        queue.add(job("a1", "a"));
        queue.add(lost);
        queue.add(job("b2", "b"));
        assertThat(queue.take().name()).isEqualTo("a1");
        assertThat(queue.take()).isSameAs(lost);
        queue.add(job("a2", "a"));

        queue.addAgain(lost);

        assertThat(takeAllInTurn()).containsExactly("b1", "a2", "b2");
    }

    @Test
    void aTaskThatIsRemovedLeavesNoTurnBehind() {
        PoolJob<?> alone = job("b1", "b");
        queue.add(job("a1", "a"));
        queue.add(alone);
        queue.add(job("c1", "c"));

        queue.remove(alone);
        queue.remove(alone);
        queue.remove(job("a9", "a"));

        assertThat(queue.size()).isEqualTo(2);
        assertThat(takeAllInTurn()).containsExactly("a1", "c1");
    }

    @Test
    void groupsAreTheSameOnlyIfTheyAreOneObject() {
        queue.add(job("a1", List.of(1)));
        queue.add(job("a2", List.of(1)));
        queue.add(job("b1", "b"));

        assertThat(queue.takeAll()).extracting(PoolJob::name).containsExactly("a1", "a2", "b1");
        assertThat(queue.isEmpty()).isTrue();
    }

    @Test
    void theHeapsOfTheNextAreThoseInTheOrderOfTheTurns() {
        queue.add(job("a1", "a", 1));
        queue.add(job("a2", "a", 2));
        queue.add(job("a3", "a", 3));
        queue.add(job("b1", "b", 4));

        assertThat(queue.first().name()).isEqualTo("a1");
        assertThat(queue.heaps(0)).isEmpty();
        assertThat(queue.heaps(3)).containsExactly(1, 4, 2);
        assertThat(queue.heaps(9)).containsExactly(1, 4, 2, 3);
        assertThat(queue.takeLargerThan(2)).extracting(PoolJob::name).containsExactlyInAnyOrder("a3", "b1");
        assertThat(takeAllInTurn()).containsExactly("a1", "a2");
    }

    @Test
    void aFewTasksAreDoneWhileTenThousandOfAnotherGroupWait(@TempDir Path folder) throws Exception {
        String go = folder.resolve("go").toString();
        Object many = new Object();
        Object few = new Object();
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1).withMaxHeapMiB(64))) {
            PoolRun<Long> first = PoolRun.start(pool, () -> Work.awaitFile(go)).awaitStart();
            List<PoolRun<Integer>> crowd = IntStream.range(0, MANY)
                    .mapToObj(i -> PoolRun.startInGroup(pool, many, () -> Work.square(i)))
                    .toList();
            List<PoolRun<Integer>> guests = IntStream.range(0, FEW)
                    .mapToObj(i -> PoolRun.startInGroup(pool, few, () -> Work.square(i)))
                    .toList();
            Eventually.becomesTrue(
                    "all wait", () -> pool.toString().contains(" %d tasks waiting".formatted(MANY + FEW)));

            Work.touch(go);
            first.get();
            for (PoolRun<Integer> guest : guests) {
                guest.get();
            }
            long served = crowd.stream().filter(PoolRun::hasEnded).count();

            assertThat(served).as("of the others, before the last of the few").isLessThan(MANY / 2);
            for (int i = 0; i < MANY; i++) {
                assertThat(crowd.get(i).get()).isEqualTo(Work.square(i));
            }
        }
    }
}
