package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.ScopeSnapshot.Activity;
import dev.loomscope.ScopeSnapshot.Entry;
import dev.loomscope.core.TaskKind;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** What a person sees who asks what a scope waits for. */
class SnapshotTest {

    @Test
    void showsTheTreeOfScopesSubtasksAndWhoRunsThem() throws Exception {
        CountDownLatch running = new CountDownLatch(2);
        CountDownLatch release = new CountDownLatch(1);
        try (var scope = MixedScope.open(
                c -> c.withName("outer").withMaxConcurrent(TaskKind.BLOCKING, 1).withTimeout(Duration.ofMinutes(5)))) {
            scope.fork("reader", TaskKind.BLOCKING, () -> {
                running.countDown();
                Patience.await(release);
            });
            scope.fork("next in line", TaskKind.BLOCKING, () -> {});
            scope.fork(
                    "parent",
                    TaskKind.IO,
                    () -> MixedScope.call(ScopeConfig.defaults().withName("inner"), inner -> {
                        inner.fork("child", TaskKind.IO, () -> {
                            running.countDown();
                            Patience.await(release);
                        });
                        return inner.join();
                    }));
            Patience.await(running);
            ScopeSnapshot snapshot = scope.snapshot();

            assertThat(snapshot.scope()).isEqualTo("outer");
            assertThat(snapshot.owner()).isEqualTo(Thread.currentThread().getName());
            assertThat(snapshot.deadline()).isPresent();
            assertThat(snapshot.subtasks())
                    .extracting(entry -> entry.subtask().name())
                    .containsExactly("reader", "next in line", "parent");
            assertThat(snapshot.subtasks())
                    .extracting(Entry::activity)
                    .containsExactly(Activity.RUNNING, Activity.WAITING, Activity.RUNNING);
            assertThat(snapshot.subtasks().get(0).runner()).contains("reader");
            assertThat(snapshot.subtasks().get(1).runner()).isEmpty();
            assertThat(snapshot.inside()).isEmpty();
            assertThat(snapshot.subtasks().get(2).inside()).singleElement().satisfies(inner -> {
                assertThat(inner.scope()).isEqualTo("inner");
                assertThat(inner.subtasks())
                        .extracting(entry -> entry.subtask().name())
                        .containsExactly("child");
                assertThat(inner.deadline()).isEqualTo(snapshot.deadline());
            });
            assertThat(snapshot.toString().lines().map(String::strip))
                    .satisfiesExactly(
                            line -> assertThat(line)
                                    .startsWith("scope 'outer' of")
                                    .contains("left"),
                            line -> assertThat(line).startsWith("BLOCKING 'reader' running on reader for"),
                            line -> assertThat(line).startsWith("BLOCKING 'next in line' waiting for"),
                            line -> assertThat(line).startsWith("IO 'parent' running on parent for"),
                            line -> assertThat(line).startsWith("scope 'inner' of parent, open for"),
                            line -> assertThat(line).startsWith("IO 'child' running on child for"));
            release.countDown();
            scope.join();
            assertThat(scope.snapshot().subtasks()).isEmpty();
        }
    }

    @Test
    void namesTheWorkerOfACpuSubtask() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<Void> spinning = scope.fork("spinning", TaskKind.CPU, () -> Patience.spin());
            Patience.until("it runs", () -> spinning.startedAt().isPresent());
            assertThat(scope.snapshot().subtasks().get(0).runner().orElseThrow())
                    .contains("pid");
            spinning.cancel();
            assertThat(scope.snapshot().subtasks())
                    .allSatisfy(entry -> assertThat(entry.activity()).isEqualTo(Activity.STOPPING));
            scope.join();
        }
    }

    @Test
    void saysWhyAScopeIsCancelled() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            scope.fork("deaf", TaskKind.IO, () -> {
                running.countDown();
                Patience.awaitDeaf(release);
            });
            Patience.await(running);
            scope.cancel("enough");
            assertThat(scope.snapshot().cancelReason()).map(CancelReason::text).contains("enough");
            assertThat(scope.snapshot().toString())
                    .contains("cancelled: enough")
                    .contains("stopping");
            release.countDown();
            scope.join();
        }
    }

    @Test
    void theDumpHasEveryOpenScopeAndNoClosedOne() throws Exception {
        String one = "dump-" + System.nanoTime();
        try (var scope = MixedScope.open(c -> c.withName(one))) {
            assertThat(MixedScope.dump()).contains("scope '" + one + "'");
            assertThat(scope.name()).isEqualTo(one);
        }
        assertThat(MixedScope.dump()).doesNotContain(one);
    }
}
