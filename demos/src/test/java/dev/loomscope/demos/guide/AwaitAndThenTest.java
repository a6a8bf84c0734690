package dev.loomscope.demos.guide;

import static dev.loomscope.core.TaskKind.CPU;
import static dev.loomscope.core.TaskKind.IO;
import static dev.loomscope.demos.guide.Fakes.never;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.Joiner;
import dev.loomscope.MixedScope;
import dev.loomscope.Subtask;
import dev.loomscope.Subtask.State;
import dev.loomscope.core.Cpu;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** Waiting for one subtask, and going on from it. */
class AwaitAndThenTest {

    @Test
    void awaitWaitsForOne() throws Exception {
        // guide: await
        try (var scope = MixedScope.<String>open()) {
            Subtask<String> token = scope.fork(Fakes::download, "/token");
            Subtask<String> slow = scope.fork(IO, () -> never());
            String page =
                    scope.fork(Fakes::download, "/orders?" + token.await()).await();
            assertThat(page).isEqualTo("page /orders?page /token");
            assertThatThrownBy(slow::get).isInstanceOf(IllegalStateException.class); // neither joined nor awaited
            slow.cancel();
            scope.join();
        }
        // end
    }

    // guide: then
    @Cpu
    static int countWords(String page) {
        return page.split(" ").length;
    }

    @Test
    void thenGoesOnWithTheResult() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<Integer> words = scope.fork(Fakes::download, "/orders").then(AwaitAndThenTest::countWords);
            scope.join();
            assertThat(words.kind()).isEqualTo(CPU);
            assertThat(words.get()).isEqualTo(2);
        }
    }
    // end

    @Test
    void withoutAResultThereIsNoContinuation() throws Exception {
        // guide: then-failed
        try (var scope = MixedScope.<Object, Void>open(Joiner.awaitAll())) {
            Subtask<String> orders = scope.fork(IO, () -> {
                throw new IOException("connection reset");
            });
            Subtask<Integer> words = orders.then(AwaitAndThenTest::countWords);
            scope.join();
            assertThat(words.state()).isEqualTo(State.CANCELLED);
        }
        // end
    }
}
