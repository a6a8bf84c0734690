package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileInputStream;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The parent has used up its file descriptors. */
class DescriptorLimitTest {

    /** A program that uses up its descriptors, and tells what becomes of its tasks. */
    static final class Owner {

        private static final Deque<FileInputStream> hog = new ArrayDeque<>();

        /** Takes no arguments. */
        public static void main(String[] args) throws Exception {
            PoolRun<Long> spinning;
            PoolRun<Long> moving;
            long parked;
            try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(2).withMaxHeapMiB(32))) {
                parked = PoolRun.run(pool, Work::pid);
                spinning = PoolRun.start(pool, Work::spin).awaitStart();
                warmUp();
                exhaust();

                spinning.cancel("enough");
                PoolOwner.say(spinning.failure().getClass().getSimpleName());
                PoolOwner.say(PoolRun.fail(pool, Work::pid));

                release();
                PoolOwner.say(!Pids.isAlive(parked));
                PoolOwner.say(PoolRun.run(pool, Work::pid) > 0);
                moving = PoolRun.start(pool, Work::spin).awaitStart();
                exhaust();
            }
            PoolOwner.say(moving.failure().getClass().getSimpleName());
            release();
            PoolOwner.say(ProcessHandle.current().children().count());
        }

        // What a class that is loaded only now would take.
        private static void warmUp() throws Exception {
            try (ProcessPool pool =
                    ProcessPool.open(c -> c.withWorkers(1).withMaxHeapMiB(32).withJvmOptions("-XX:NoSuchOption"))) {
                PoolRun.fail(pool, Work::pid);
            }
            try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1).withMaxHeapMiB(32))) {
                PoolRun.start(pool, Work::spin).awaitStart().cancel("warm-up").failure();
            }
        }

        private static void exhaust() {
            try {
                while (true) {
                    hog.add(new FileInputStream("/dev/null"));
                }
            } catch (IOException e) {
                // there are no more
            }
        }

        // Throws if somebody else has closed one of them.
        private static void release() throws IOException {
            for (FileInputStream each : hog) {
                assertThat(each.read()).isEqualTo(-1);
            }
            while (!hog.isEmpty()) {
                hog.remove().close();
            }
        }
    }

    @Test
    void withoutDescriptorsTasksFailWithThatReasonWorkersAreKilledAllTheSameAndThePoolRecovers() throws Exception {
        List<String> limited = List.of("/bin/sh", "-c", "ulimit -n 128; exec \"$0\" \"$@\"");
        try (PoolOwner owner = PoolOwner.startProgram(limited, Owner.class)) {
            assertThat(owner.readLine()).as("the deaf task").isEqualTo("CancellationException");
            assertThat(owner.readLine())
                    .startsWith(WorkerStartException.class.getName())
                    .contains("could not be started", "Too many open files");
            assertThat(owner.readLine()).as("the worker is dead").isEqualTo("true");
            assertThat(owner.readLine()).as("the pool works again").isEqualTo("true");
            assertThat(owner.readLine()).as("the task that close has stopped").isEqualTo("CancellationException");
            assertThat(owner.readLine()).as("processes that are left").isEqualTo("0");
        }
    }
}
