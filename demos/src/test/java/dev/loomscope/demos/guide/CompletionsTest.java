package dev.loomscope.demos.guide;

import static dev.loomscope.core.TaskKind.IO;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.Completions;
import dev.loomscope.Joiner;
import dev.loomscope.MixedScope;
import dev.loomscope.Subtask;
import dev.loomscope.Subtask.State;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Results as they come. */
class CompletionsTest {

    @Test
    void comeInTheOrderInWhichTheyEnd() throws Exception {
        // guide: completions
        CountDownLatch quickIsShown = new CountDownLatch(1);
        List<String> shown = new ArrayList<>();
        try (var scope = MixedScope.<String>open()) {
            scope.fork(IO, () -> {
                quickIsShown.await();
                return "slow";
            });
            scope.fork(IO, () -> "quick");
            scope.completions().forEach(ended -> {
                shown.add(ended.get());
                quickIsShown.countDown();
            });
            scope.join();
        }
        assertThat(shown).containsExactly("quick", "slow");
        // end
    }

    @Test
    void haveFailuresTooUnderASupervisor() throws Exception {
        // guide: completions-next
        try (var scope = MixedScope.<String, Void>open(Joiner.awaitAll())) {
            scope.fork(IO, () -> {
                throw new IOException("connection reset");
            });
            Completions<String> completions = scope.completions();
            Subtask<String> first = completions.next().orElseThrow();
            assertThat(first.state()).isEqualTo(State.FAILED);
            scope.fork(Fakes::download, "/mirror"); // forked meanwhile: it comes as well
            assertThat(completions.next().orElseThrow().get()).isEqualTo("page /mirror");
            assertThat(completions.next()).isEmpty(); // all have ended and were given out
            scope.join();
        }
        // end
    }
}
