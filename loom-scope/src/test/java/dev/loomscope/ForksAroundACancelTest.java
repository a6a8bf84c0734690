package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Forks that race with the cancel of their scope: each ends, once, and whoever waits is woken. */
class ForksAroundACancelTest {

    private static final int MOST = 12;

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void howeverManyAreForkedBeforeAndAfterAllEnd(TaskKind kind) throws Exception {
        for (int before = 0; before <= MOST; before++) {
            for (int after = 0; after <= MOST; after++) {
                int forkedBefore = before;
                int forkedAfter = after;
                Patience.onItsOwnThread(() -> {
                    forkAroundACancel(kind, forkedBefore, forkedAfter);
                    return null;
                });
            }
        }
    }

    private static void forkAroundACancel(TaskKind kind, int before, int after) throws Exception {
        List<Subtask<String>> endless = new ArrayList<>();
        try (var scope = MixedScope.<String, List<Subtask<String>>>open(
                Joiner.allUntil(subtask -> subtask.state() == State.SUCCESS))) {
            for (int i = 0; i < before; i++) {
                endless.add(scope.fork(kind, ForksAroundACancelTest::neverEnds));
            }
            Subtask<String> enough = scope.fork(kind, () -> "enough");
            for (int i = 0; i < after; i++) {
                endless.add(scope.fork(kind, ForksAroundACancelTest::neverEnds));
            }
            assertThat(scope.join()).hasSize(before + 1 + after);
            assertThat(enough.get()).isEqualTo("enough");
        }
        assertThat(endless).allMatch(subtask -> subtask.state() == State.CANCELLED);
    }

    private static String neverEnds() throws InterruptedException {
        Patience.forever();
        return "never";
    }
}
