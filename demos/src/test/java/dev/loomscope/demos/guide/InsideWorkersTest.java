package dev.loomscope.demos.guide;

import static dev.loomscope.core.TaskKind.CPU;
import static dev.loomscope.demos.guide.Fakes.countPrimes;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.Joiner;
import dev.loomscope.MixedScope;
import dev.loomscope.Progress;
import dev.loomscope.Subtask;
import dev.loomscope.event.ScopeEvent.SubtaskProgress;
import dev.loomscope.process.ProcessPool;
import dev.loomscope.process.WorkerLocal;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What tasks may do in a worker. */
class InsideWorkersTest {

    // guide: worker-local
    static final WorkerLocal<Pattern> WORDS = WorkerLocal.named(
            "com.acme.words", () -> Pattern.compile(System.getProperty("com.acme.words"))); // once per worker

    static long countWords(String text) {
        return WORDS.get().matcher(text).results().count();
    }
    // end

    @Test
    void aWorkerIsSetUpOnce() throws Exception {
        // guide: init
        try (ProcessPool pool = ProcessPool.open(
                        c -> c.withWorkers(1).withWorkerInit(() -> System.setProperty("com.acme.words", "\\w+")));
                var scope = MixedScope.<Long>open(c -> c.withCpuBackend(pool))) {
            Subtask<Long> three = scope.fork(CPU, () -> countWords("one two three"));
            Subtask<Long> two = scope.fork(CPU, () -> countWords("four five")); // finds the pattern that is there
            scope.join();
            assertThat(three.get() + two.get()).isEqualTo(5);
        }
        // end
    }

    // guide: nested-cpu
    static long countInHalves(int limit) throws Exception {
        try (var scope = MixedScope.open(Joiner.<Long>allSuccessfulOrThrow())) {
            scope.fork(CPU, () -> countPrimes(limit)); // in a worker of this worker
            scope.fork(CPU, () -> countPrimes(limit / 2));
            return scope.join().stream().mapToLong(Long::longValue).sum();
        }
    }
    // end

    @Test
    void aCpuTaskMayForkCpuTasks() throws Exception {
        try (var scope = MixedScope.<Long>open()) {
            Subtask<Long> halves = scope.fork(CPU, () -> countInHalves(100));
            scope.join();
            assertThat(halves.get()).isEqualTo(25 + 15);
        }
    }

    // guide: report
    static int render(int pages) {
        for (int page = 1; page <= pages; page++) {
            Progress.report((double) page / pages, "page " + page);
        }
        return pages;
    }
    // end

    @Test
    void aListenerHearsHowFarATaskIs() throws Exception {
        // guide: progress
        List<String> heard = new CopyOnWriteArrayList<>();
        try (var scope = MixedScope.<Integer>open(c -> c.withListener(event -> {
            if (event instanceof SubtaskProgress progress) {
                heard.add(progress.subtask() + ": " + progress.message());
            }
        }))) {
            scope.fork("render", CPU, () -> render(10)); // or any other kind
            scope.join();
        }
        assertThat(heard).endsWith("render: page 10"); // some may be missing before, the last one never is
        // end
    }

    @Test
    void aTaskMayNeedALargerHeap() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1).withMaxHeapMiB(64));
                var scope = MixedScope.<Integer>open(c -> c.withCpuBackend(pool))) {
            // guide: heap
            Subtask<Integer> large = scope.withMaxHeapMiB(256).fork(CPU, () -> new byte[100 << 20].length);
            // end
            scope.join();
            assertThat(large.get()).isEqualTo(100 << 20);
        }
    }
}
