package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class NicenessTest {

    @Test
    @EnabledOnOs(OS.LINUX)
    void aNiceWorkerIsThatMuchNicerThanItsParentAndCanBeKilledLikeAnyOther() throws Exception {
        try (ProcessPool pool =
                ProcessPool.open(c -> c.withWorkers(1).withNiceness(3).withCancelGrace(java.time.Duration.ZERO))) {
            long pid = PoolRun.run(pool, Work::pid);

            assertThat(nicenessOf(pid)).isEqualTo(Math.min(19, nicenessOf(Work.pid()) + 3));

            PoolRun<Long> deaf = PoolRun.start(pool, Work::spin).awaitStart();
            deaf.cancel("enough");
            assertThat(deaf.failure()).isInstanceOf(CancellationException.class);
            assertThat(Pids.isAlive(pid)).isFalse();
        }
    }

    private static int nicenessOf(long pid) throws Exception {
        String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        String afterName = stat.substring(stat.lastIndexOf(')') + 2);
        return Integer.parseInt(afterName.split(" ")[16]); // field 19 of proc(5)
    }

    @Test
    void whereThereIsNoSuchProgramWorkersStartWithoutItAndTheLogSaysSoOnce() {
        List<Path> programs = List.of(Path.of("/no/such/nice"));
        try (LogTrail log = LogTrail.follow("dev.loomscope.process.ProcessPool", Level.WARN)) {
            assertThat(NicePrefix.of(5, programs)).isEmpty();
            assertThat(NicePrefix.of(5, programs)).isEmpty();

            assertThat(log.messages())
                    .containsExactly("withNiceness(5) has no effect: there is none of [/no/such/nice] here");
        }
    }

    @Test
    void whoIsNotNiceNeedsNoProgram() {
        assertThat(NicePrefix.of(0)).isEmpty();
    }
}
