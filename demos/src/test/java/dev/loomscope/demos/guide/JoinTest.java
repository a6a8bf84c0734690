package dev.loomscope.demos.guide;

import static dev.loomscope.core.TaskKind.IO;
import static dev.loomscope.demos.guide.Fakes.never;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.Joiner;
import dev.loomscope.MixedScope;
import dev.loomscope.ScopeFailedException;
import dev.loomscope.Subtask;
import dev.loomscope.Subtask.State;
import java.io.IOException;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What join waits for, and what joiners make of it. */
class JoinTest {

    @Test
    void allResultsInTheOrderOfTheForks() throws Exception {
        // guide: join-all
        try (var scope = MixedScope.open(Joiner.<String>allSuccessfulOrThrow())) {
            for (String path : List.of("/a", "/b", "/c")) {
                scope.fork(Fakes::download, path);
            }
            assertThat(scope.join()).containsExactly("page /a", "page /b", "page /c");
        }
        // end
    }

    @Test
    void theFirstResult() throws Exception {
        // guide: join-any
        try (var scope = MixedScope.open(Joiner.<String>anySuccessfulOrThrow())) {
            Subtask<String> slow = scope.fork(IO, () -> never());
            scope.fork(Fakes::download, "/mirror");
            assertThat(scope.join()).isEqualTo("page /mirror");
            assertThat(slow.state()).isEqualTo(State.CANCELLED);
        }
        // end
    }

    @Test
    void aSupervisorLooksAtEachHandle() throws Exception {
        // guide: join-supervisor
        try (var scope = MixedScope.<String, Void>open(Joiner.awaitAll())) {
            Subtask<String> good = scope.fork(Fakes::download, "/stock");
            Subtask<String> bad = scope.fork(IO, () -> {
                throw new IOException("connection reset");
            });
            scope.join(); // throws nothing: look for yourself
            for (Subtask<String> each : List.of(good, bad)) {
                String outcome = switch (each.state()) {
                    case SUCCESS -> each.get();
                    case FAILED -> each.exception().getMessage();
                    case CANCELLED -> each.cancelReason().toString();
                    case UNAVAILABLE -> throw new AssertionError("not after join");
                };
                assertThat(outcome).isIn("page /stock", "connection reset");
            }
        }
        // end
    }

    @Test
    void untilThereIsEnough() throws Exception {
        // guide: join-until
        AtomicInteger answers = new AtomicInteger();
        Joiner<String, List<Subtask<String>>> quorum =
                Joiner.allUntil(ended -> ended.state() == State.SUCCESS && answers.incrementAndGet() == 2);
        try (var scope = MixedScope.open(quorum)) {
            scope.fork(Fakes::download, "/replica-1");
            scope.fork(IO, () -> never());
            scope.fork(Fakes::download, "/replica-3");
            assertThat(scope.join())
                    .extracting(Subtask::state)
                    .containsExactly(State.SUCCESS, State.CANCELLED, State.SUCCESS);
        }
        // end
    }

    // guide: own-joiner
    /** Collects what succeeds, and gives up when more than {@code budget} have failed. Several threads call it at once. */
    static final class FailureBudget<T> implements Joiner<T, List<T>> {
        private final int budget;
        private final AtomicInteger failures = new AtomicInteger();
        private final Queue<T> results = new ConcurrentLinkedQueue<>();

        FailureBudget(int budget) {
            this.budget = budget;
        }

        @Override
        public boolean onComplete(Subtask<? extends T> subtask) {
            if (subtask.state() == State.SUCCESS) {
                results.add(subtask.get());
            }
            return subtask.state() == State.FAILED && failures.incrementAndGet() > budget; // true cancels the scope
        }

        @Override
        public List<T> result() throws IOException {
            if (failures.get() > budget) {
                throw new IOException("%d failures, %d are allowed".formatted(failures.get(), budget));
            }
            return List.copyOf(results);
        }
    }
    // end

    @Test
    void aJoinerOfYourOwn() throws Exception {
        // guide: own-joiner-used
        try (var scope = MixedScope.open(new FailureBudget<String>(1))) {
            scope.fork(Fakes::download, "/a");
            scope.fork(IO, () -> {
                throw new IOException("the one that is allowed");
            });
            assertThat(scope.join()).containsExactly("page /a");
        }
        // end
        try (var scope = MixedScope.open(new FailureBudget<String>(0))) {
            scope.fork(IO, () -> {
                throw new IOException("one too many");
            });
            assertThatThrownBy(scope::join)
                    .isInstanceOf(ScopeFailedException.class)
                    .hasRootCauseMessage("1 failures, 0 are allowed");
        }
    }
}
