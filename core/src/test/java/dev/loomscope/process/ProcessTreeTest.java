package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ProcessTreeTest {

    private final String marker = "600." + Work.pid() + System.nanoTime() % 1_000_000;

    @AfterEach
    void killLeftovers() throws Exception {
        for (long pid : Pids.withArgument(marker)) {
            Pids.signal("KILL", pid);
        }
    }

    @Test
    void aStoppedProcessDiesThoughNobodyComesBackToKillIt() throws Exception {
        Process process = new ProcessBuilder("sleep", marker).start();

        ProcessTree.stop(List.of(process));

        Eventually.becomesTrue("it is stopped, or dead already", () -> {
            char state = Pids.stateOf(process.pid());
            return state == 'T' || state == 'X' || state == 'Z';
        });
        Eventually.becomesTrue("it is dead", () -> !Pids.isAlive(process.pid()));
    }

    @Test
    void whatAProcessHasStartedDiesWithIt() throws Exception {
        String script = "sleep %1$s & (sleep %1$s & sleep %1$s) & sleep %1$s".formatted(marker);
        Process shell = new ProcessBuilder("/bin/sh", "-c", script).start();
        Eventually.becomesTrue("all sleep", () -> Pids.withArgument(marker).size() == 4);

        ProcessTree.kill(List.of(shell));

        assertThat(shell.waitFor()).isEqualTo(137);
        Eventually.becomesTrue("all are dead", () -> Pids.withArgument(marker).isEmpty());
    }
}
