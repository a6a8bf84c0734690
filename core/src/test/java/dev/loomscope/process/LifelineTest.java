package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ch.qos.logback.classic.Level;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a worker tells whether its parent lives. */
class LifelineTest {

    private static final Path BOOT_TIME = Path.of("/proc/stat");

    @TempDir
    Path folder;

    /** A program whose workers start before and after the clock is set. */
    static final class ClockIsSet {

        /** Takes a file to write to, and says whether two workers have lived on for a while. */
        public static void main(String[] args) throws Exception {
            try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(2).withMaxHeapMiB(32))) {
                String go = args[0] + ".go";
                PoolRun<Long> before =
                        PoolRun.start(pool, () -> Work.awaitFile(go)).awaitStart();
                setBootTime(args[0]);
                PoolRun<Long> after = PoolRun.start(pool, LifelineTest::liveForAWhile);
                long young = after.get();
                Work.touch(go);
                PoolOwner.say(young != before.get());
            }
        }

        // What a step of the clock does to those who look, without one: the kernel says another time of the boot.
        private static void setBootTime(String file) throws Exception {
            String changed = Files.readString(BOOT_TIME).replaceFirst("(?m)^btime \\d+$", "btime 1000000000");
            Files.writeString(Path.of(file), changed);
            new ProcessBuilder("mount", "--bind", file, BOOT_TIME.toString())
                    .inheritIO()
                    .start()
                    .waitFor();
            if (!Files.readString(BOOT_TIME).contains("btime 1000000000")) {
                throw new AssertionError("the time of the boot is not changed");
            }
        }
    }

    // Some looks at the parent long.
    private static long liveForAWhile() throws InterruptedException {
        Thread.sleep(1_200);
        return Work.pid();
    }

    @Test
    void aWorkerLivesOnWhenTheClockIsSet() throws Exception {
        List<String> ownMounts = List.of("unshare", "--mount");
        assumeTrue(maySetBootTime(ownMounts), "no mount namespace here, in which the time of the boot can be changed");
        try (PoolOwner owner = PoolOwner.startProgram(
                ownMounts, ClockIsSet.class, folder.resolve("stat").toString())) {
            assertThat(owner.readLine()).isEqualTo("true");
        }
    }

    private static boolean maySetBootTime(List<String> ownMounts) throws Exception {
        if (!Files.isReadable(BOOT_TIME)) {
            return false;
        }
        List<String> command = Stream.concat(
                        ownMounts.stream(), Stream.of("mount", "--bind", "/proc/uptime", BOOT_TIME.toString()))
                .toList();
        try {
            return new ProcessBuilder(command).start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void aProcessIsGoneWhenItHasEndedOrAnotherHasItsPid() throws Exception {
        Process sleeper = new ProcessBuilder("sleep", "60").start();
        long pid = sleeper.pid();
        long start = ProcessStart.of(pid);

        assertThat(start).isNotEqualTo(ProcessStart.UNKNOWN).isEqualTo(ProcessStart.of(pid));
        assertThat(ProcessStart.isGone(pid, start)).isFalse();
        assertThat(ProcessStart.isGone(pid, start + 1)).isTrue();
        assertThat(ProcessStart.isGone(pid, ProcessStart.UNKNOWN)).isFalse();
        Pids.signal("STOP", pid);
        assertThat(Lifeline.isGone(pid, start)).isFalse();

        sleeper.destroyForcibly().waitFor();

        assertThat(ProcessStart.isGone(pid, start)).isTrue();
        assertThat(ProcessStart.isGone(pid, ProcessStart.UNKNOWN)).isTrue();
        assertThat(ProcessStart.of(pid)).isEqualTo(ProcessStart.UNKNOWN);
    }

    @Test
    void aParentThatHasDiedIsGoneThoughNobodyHasAskedForItsExitCode() throws Exception {
        Process negligent = new ProcessBuilder("/bin/sh", "-c", "sleep 0.01 & echo $!; exec sleep 60").start();
        try {
            long zombie = Long.parseLong(negligent.inputReader().readLine());
            long start = ProcessStart.of(zombie);
            Eventually.becomesTrue("it is a zombie", () -> Pids.stateOf(zombie) == 'Z');

            assertThat(ProcessStart.isGone(zombie, start)).isFalse();
            assertThat(Lifeline.isGone(zombie, start)).isTrue();
        } finally {
            negligent.destroyForcibly();
        }
    }

    @Test
    void aWorkerWhoseTaskHasUsedUpAllDescriptorsDoesNotTakeItsParentForDead() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1).withMaxHeapMiB(64))) {
            assertThat(PoolRun.run(pool, LifelineTest::useUpDescriptors)).isPositive();
        }
    }

    private static int useUpDescriptors() throws Exception {
        List<InputStream> open = new ArrayList<>();
        Work.pid(); // to load a class takes a descriptor, too
        try {
            while (true) {
                open.add(new FileInputStream("/dev/null"));
            }
        } catch (IOException e) {
            liveForAWhile();
            return open.size();
        } finally {
            for (InputStream stream : open) {
                stream.close();
            }
        }
    }

    @Test
    void aWorkerWhoseParentIsKilledTakesItsFolderAlong() throws Exception {
        try (PoolOwner owner = PoolOwner.start("idle")) {
            assertThat(owner.readLine()).isEqualTo("true");
            assertThat(owner.folders()).isNotEmpty();

            owner.kill();

            Eventually.becomesTrue("no folder is left", () -> owner.folders().isEmpty());
        }
    }

    private static Thread watchOfStdin() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("loom-scope-lifeline"))
                .findFirst()
                .orElseThrow();
    }

    private static void awaitEnd(Thread watch) {
        try {
            System.out.println(watch.join(PoolRun.PATIENCE) ? "the watch has ended" : "the watch goes on");
        } catch (InterruptedException e) {
            System.out.println("nobody interrupts it");
        }
    }

    /** A thread in a native read would hold up the exit of its JVM by 300 ms. */
    @Test
    void theWatchOfStdinEndsWhenItsWorkerExits() throws Exception {
        try (LogTrail log = LogTrail.follow(WorkerOutput.LOGGER, Level.INFO)) {
            try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1))) {
                PoolRun.run(pool, () -> {
                    Thread watch = watchOfStdin();
                    Runtime.getRuntime().addShutdownHook(new Thread(() -> awaitEnd(watch)));
                    return 1;
                });
            }
            Eventually.becomesTrue(
                    "its line has come",
                    () -> log.messages().stream().anyMatch(line -> line.endsWith("the watch has ended")));
        }
    }

    /** Then there is still the other watch. */
    @Test
    void aTaskThatInterruptsTheWatchOfStdinDoesNotEndItsWorker() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1))) {
            long pid = PoolRun.run(pool, () -> {
                Thread watch = watchOfStdin();
                watch.interrupt();
                awaitEnd(watch);
                return Work.pid();
            });

            assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(pid);
        }
    }
}
