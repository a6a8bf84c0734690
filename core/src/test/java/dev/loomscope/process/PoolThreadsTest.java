package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URL;
import java.net.URLClassLoader;
import java.util.List;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The threads of a pool live for long, and whoever forks the first task starts them: they keep nothing of it. */
class PoolThreadsTest {

    private static Set<Thread> ours() {
        Set<Thread> all = Thread.getAllStackTraces().keySet();
        all.removeIf(thread -> !thread.getName().startsWith("loom-scope-"));
        return all;
    }

    @Test
    void takeOverNothingFromWhoeverStartsThem() throws Exception {
        Set<Thread> before = ours();
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1));
                URLClassLoader classes = new URLClassLoader(new URL[0])) {
            FutureTask<Long> task = new FutureTask<>(() -> PoolRun.run(pool, Work::pid));
            Thread forker = Thread.ofPlatform().unstarted(task);
            forker.setPriority(Thread.MAX_PRIORITY);
            forker.setContextClassLoader(classes);
            forker.start();
            assertThat(task.get(20, TimeUnit.SECONDS)).isPositive();

            List<Thread> started =
                    ours().stream().filter(thread -> !before.contains(thread)).toList();
            assertThat(started).extracting(Thread::getName).anyMatch(name -> name.endsWith("-reader"));
            assertThat(started).extracting(Thread::getPriority).containsOnly(Thread.NORM_PRIORITY);
            assertThat(started).extracting(Thread::getContextClassLoader).doesNotContain(classes);
        }
    }
}
