package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.core.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Tasks that take their worker with them. */
final class Crashes {

    private Crashes() {}

    /** Runs a task that ends its worker; afterwards the process is gone and the next task finds another one. */
    static WorkerCrashedException by(ProcessPool pool, Task<?> task) throws Exception {
        Throwable failure = PoolRun.fail(pool, task);
        assertThat(failure).isInstanceOf(WorkerCrashedException.class);
        WorkerCrashedException crash = (WorkerCrashedException) failure;
        assertThat(Pids.isAlive(crash.pid())).isFalse();
        assertThat(PoolRun.run(pool, Work::pid)).isNotEqualTo(crash.pid());
        return crash;
    }

    /** Deletes the report that the JVM has written, which nobody needs. */
    static void deleteReport(WorkerCrashedException crash) throws IOException {
        if (crash.crashFile().isPresent()) {
            Path report = crash.crashFile().get();
            Files.delete(report);
            Files.delete(report.getParent());
        }
    }
}
