package dev.loomscope.demos.guide;

import static dev.loomscope.core.TaskKind.BLOCKING;
import static dev.loomscope.core.TaskKind.IO;
import static dev.loomscope.demos.guide.Fakes.download;
import static java.time.Duration.ofMinutes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.loomscope.MixedScope;
import dev.loomscope.ScopeSnapshot;
import dev.loomscope.ScopeSnapshot.Activity;
import dev.loomscope.event.ScopeEvent;
import dev.loomscope.event.ScopeEvent.SubtaskFinished;
import dev.loomscope.event.ScopeEvent.SubtaskStarted;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Listeners, snapshots and dumps. */
class WatchingTest {

    @Test
    void aListenerHearsEverything() throws Exception {
        // guide: listener
        List<String> heard = new CopyOnWriteArrayList<>();
        try (var scope = MixedScope.open(c -> c.withListener(
                event -> { // on many threads: quick, and thread-safe
                    switch (event) {
                        case SubtaskStarted started -> heard.add(started.subtask() + " runs on " + started.runner());
                        case SubtaskFinished finished -> heard.add(finished.subtask() + " threw " + finished.failure());
                        default -> {} // opened, forked, queued, cancelled, closed
                    }
                }))) {
            scope.fork("orders", IO, () -> download("/orders"));
            scope.join();
        }
        assertThat(heard).containsExactly("orders runs on orders", "orders threw null");
        // end
    }

    @Test
    void theEventsOfASubtaskComeInTheirOrder() throws Exception {
        List<ScopeEvent> events = new CopyOnWriteArrayList<>();
        try (var scope = MixedScope.open(c -> c.withListener(events::add))) {
            scope.fork("orders", IO, () -> download("/orders"));
            scope.join();
        }
        assertThat(events)
                .extracting(event -> event.getClass().getSimpleName())
                .containsExactly("ScopeOpened", "SubtaskForked", "SubtaskStarted", "SubtaskFinished", "ScopeClosed");
    }

    @Test
    void aSnapshotShowsWhatAScopeWaitsFor() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        // guide: snapshot
        try (var scope = MixedScope.open(
                c -> c.withName("nightly").withTimeout(ofMinutes(5)).withMaxConcurrent(BLOCKING, 1))) {
            scope.fork("export", BLOCKING, () -> {
                running.countDown();
                release.await();
            });
            scope.fork("next", BLOCKING, () -> download("/orders"));
            running.await();
            ScopeSnapshot now = scope.snapshot(); // from any thread
            assertThat(now.subtasks())
                    .extracting(entry -> entry.subtask().name(), ScopeSnapshot.Entry::activity)
                    .containsExactly(tuple("export", Activity.RUNNING), tuple("next", Activity.WAITING));
            assertThat(MixedScope.dump()).contains(now.scope()); // the trees of all open scopes, as text
            release.countDown();
            scope.join();
        }
        // end
    }

    @Test
    void theTextOfASnapshotIsATree() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        try (var scope = MixedScope.open(
                c -> c.withName("nightly").withTimeout(ofMinutes(5)).withMaxConcurrent(BLOCKING, 1))) {
            scope.fork("export", BLOCKING, () -> {
                running.countDown();
                release.await();
            });
            scope.fork("next", BLOCKING, () -> download("/orders"));
            running.await();
            assertThat(scope.snapshot().toString().lines())
                    .satisfiesExactly(
                            line -> assertThat(line)
                                    .matches("scope 'nightly' of main, open for \\d+ ms, (\\d+ s|\\d+ ms) left"),
                            line -> assertThat(line).matches("  BLOCKING 'export' running on export for \\d+ ms"),
                            line -> assertThat(line).matches("  BLOCKING 'next' waiting for \\d+ ms"));
            release.countDown();
            scope.join();
        }
    }
}
