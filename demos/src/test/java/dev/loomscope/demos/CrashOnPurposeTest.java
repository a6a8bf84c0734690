package dev.loomscope.demos;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CrashOnPurposeTest {

    @TempDir
    Path temp;

    @Test
    void survivesEachCrashAndLeavesNothing() throws Exception {
        DemoProcess demo = DemoProcess.run(CrashOnPurpose.class, temp).succeeded();

        List<String> lines =
                demo.out().stream().filter(line -> line.matches(".* ok +ok")).toList();
        assertThat(lines).hasSameSizeAs(Crash.values());
        assertThat(lines.get(Crash.EXIT.ordinal())).contains("System.exit(3)", "WorkerCrashedException: exit code 3");
        assertThat(lines.get(Crash.HALT.ordinal())).contains("WorkerCrashedException: exit code 4");
        assertThat(lines.get(Crash.OUT_OF_MEMORY.ordinal())).contains("OutOfMemoryError:");
        assertThat(lines.get(Crash.STACK_OVERFLOW.ordinal())).contains("StackOverflowError:");
        assertThat(lines.get(Crash.SEGFAULT.ordinal())).contains("WorkerCrashedException:", "SIGSEGV");
        assertThat(lines.get(Crash.KILL.ordinal())).contains("WorkerCrashedException: exit code 137, SIGKILL");
        assertThat(demo.out()).allMatch(line -> line.length() <= 100);
        assertThat(DemoProcess.leftovers(temp)).as("crash reports").isEmpty();
    }
}
