package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.core.TaskKind;
import dev.loomscope.process.ProcessPool;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FairTurnsTest {

    private static final int MANY = 10_000;
    private static final int FEW = 20;

    @Test
    void aScopeWithTenThousandCpuTasksDoesNotKeepAnotherFromTheWorkers() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1).withMaxHeapMiB(64));
                var crowd = MixedScope.<Integer>open(c -> c.withName("crowd").withCpuBackend(pool))) {
            List<Subtask<Integer>> many = new ArrayList<>();
            for (int i = 0; i < MANY; i++) {
                int number = i;
                many.add(crowd.fork(TaskKind.CPU, () -> number));
            }

            long served = Patience.onItsOwnThread(() -> {
                try (var guest =
                        MixedScope.<Integer>open(c -> c.withName("guest").withCpuBackend(pool))) {
                    List<Subtask<Integer>> few = new ArrayList<>();
                    for (int i = 0; i < FEW; i++) {
                        int number = i;
                        few.add(guest.fork(TaskKind.CPU, () -> number));
                    }
                    long before = ended(many);
                    guest.join();
                    assertThat(few).extracting(Subtask::get).hasSize(FEW);
                    return ended(many) - before;
                }
            });

            assertThat(served)
                    .as("of the crowd, while the guest had its %d", FEW)
                    .isLessThan(MANY / 4);
            crowd.join();
            assertThat(ended(many)).isEqualTo(MANY);
        }
    }

    private static long ended(List<Subtask<Integer>> subtasks) {
        return subtasks.stream()
                .filter(subtask -> subtask.state() == Subtask.State.SUCCESS)
                .count();
    }
}
