package dev.loomscope.demos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.core.TaskKind;
import dev.loomscope.event.ScopeEvent;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class TimelineTest {

    private static final Instant ZERO = Instant.parse("2026-01-01T00:00:00Z");

    private final Timeline timeline = new Timeline();

    @Test
    void putsTasksOfOneWorkerOnOneLane() {
        start(0, 1, TaskKind.CPU, "w1 (pid 7)");
        end(300, 1, TaskKind.CPU);
        start(300, 2, TaskKind.CPU, "w1 (pid 7)");
        end(620, 2, TaskKind.CPU);

        List<String> drawn = timeline.draw();

        assertThat(drawn).hasSize(2);
        assertThat(drawn.get(0)).endsWith("620 ms");
        assertThat(drawn.get(1)).matches("  CPU +w1 \\(pid 7\\) +\\[#{28}\\[#{31}\\]");
    }

    @Test
    void ordersLanesFromComputingToWaiting() {
        start(0, 1, TaskKind.IO, "io-1");
        start(1, 2, TaskKind.BLOCKING, "blocking-2");
        start(2, 3, TaskKind.CPU, "w1");
        end(100, 1, TaskKind.IO);
        end(100, 2, TaskKind.BLOCKING);
        end(100, 3, TaskKind.CPU);

        assertThat(timeline.draw().stream().skip(1).map(lane -> lane.strip().split(" ")[0]))
                .containsExactly("CPU", "BLOCKING", "IO");
    }

    @Test
    void leavesOutWhatNeverRan() {
        timeline.onEvent(new ScopeEvent.SubtaskForked(ZERO, "scope", "t1", 1, TaskKind.IO));
        timeline.onEvent(new ScopeEvent.SubtaskCancelled(ZERO, "scope", "t1", 1, TaskKind.IO, "no need"));

        assertThat(timeline.draw()).containsExactly("(nothing ran)");
    }

    @Test
    void staysWithinItsColumns() {
        start(0, 1, TaskKind.IO, "a thread with a name that is longer than any lane has room for");
        end(1, 1, TaskKind.IO);
        start(1, 2, TaskKind.IO, "at the very end");
        end(1, 2, TaskKind.IO);

        assertThat(timeline.draw()).allMatch(line -> line.length() <= 100);
    }

    private void start(long millis, long id, TaskKind kind, String runner) {
        timeline.onEvent(new ScopeEvent.SubtaskStarted(ZERO.plusMillis(millis), "scope", "t" + id, id, kind, runner));
    }

    private void end(long millis, long id, TaskKind kind) {
        timeline.onEvent(new ScopeEvent.SubtaskFinished(ZERO.plusMillis(millis), "scope", "t" + id, id, kind, null));
    }
}
