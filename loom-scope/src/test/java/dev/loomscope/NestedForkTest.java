package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import dev.loomscope.event.ScopeEvent;
import dev.loomscope.process.ProcessPool;
import dev.loomscope.process.RemoteTaskException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Scopes in a worker that fork CPU tasks. */
class NestedForkTest {

    @TempDir
    Path folder;

    private static long pid() {
        return ProcessHandle.current().pid();
    }

    private static List<Long> forkBelow(int number) throws Exception {
        try (var scope = MixedScope.open(Joiner.<Long>allSuccessfulOrThrow())) {
            for (int i = 0; i < number; i++) {
                scope.fork(TaskKind.CPU, () -> pid());
            }
            List<Long> pids = new ArrayList<>(scope.join());
            pids.add(pid());
            return pids;
        }
    }

    @Test
    void aCpuTaskThatForksCpuTasksNeverWaitsForItsOwnWorker() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1));
                var scope = MixedScope.<List<Long>>open(c -> c.withCpuBackend(pool))) {
            Subtask<List<Long>> outer = scope.fork(TaskKind.CPU, () -> forkBelow(5));
            scope.join();

            assertThat(outer.get()).hasSize(6);
            assertThat(outer.get().stream().distinct()).hasSize(2).doesNotContain(pid());
        }
    }

    private static Void failBelow() throws Exception {
        try (var scope = MixedScope.open()) {
            scope.fork("below", TaskKind.CPU, () -> {
                Runtime.getRuntime().halt(9);
            });
            scope.join();
            return null;
        }
    }

    @Test
    void aCrashBelowFailsTheTaskThatHasForkedItAndNothingElse() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1))) {
            try (var scope = MixedScope.open(c -> c.withCpuBackend(pool))) {
                scope.fork("outer", TaskKind.CPU, () -> failBelow());
                assertThatThrownBy(scope::join)
                        .isInstanceOf(ScopeFailedException.class)
                        .cause()
                        .isInstanceOf(RemoteTaskException.class) // the inner one has handles, which do not travel
                        .hasMessageContaining("ScopeFailedException")
                        .hasMessageContaining(
                                "subtask 'below' (CPU) threw dev.loomscope.process.WorkerCrashedException");
            }
            assertThat(pool.toString()).contains("1 of 1 workers");
        }
    }

    private static Void spinBelow(String file) throws Exception {
        try (var scope = MixedScope.open()) {
            scope.fork(TaskKind.CPU, () -> {
                Files.writeString(Path.of(file), "runs");
                Patience.spin();
            });
            scope.join();
            return null;
        }
    }

    @Test
    void aTaskBelowThatDoesNotListenIsKilledAndTheWorkerThatWaitsForItLivesOn() throws Exception {
        Queue<ScopeEvent> events = new ConcurrentLinkedQueue<>();
        Path file = folder.resolve("runs");
        String path = file.toString();
        try (ProcessPool pool = ProcessPool.open(
                c -> c.withWorkers(1).withCancelGrace(Duration.ofSeconds(4)).withListener(events::add))) {
            try (var scope = MixedScope.open(Joiner.awaitAll(), c -> c.withCpuBackend(pool))) {
                Subtask<Void> outer = scope.fork(TaskKind.CPU, () -> spinBelow(path));
                Patience.until("it runs", () -> Files.exists(file));
                outer.cancel();
                scope.join();
                assertThat(outer.state()).isEqualTo(State.CANCELLED);
            }
        }
        assertThat(events).noneMatch(event -> event instanceof ScopeEvent.WorkerKilled);
    }
}
