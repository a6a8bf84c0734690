package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.loomscope.core.Task;
import dev.loomscope.event.ScopeEvent;
import dev.loomscope.process.WorkerOutOfMemoryError.Memory;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tasks that use up a kind of memory: each is told which, and has no effect on the next. */
class MemoryFaultTest {

    private static final EventTrail events = new EventTrail();
    private static final List<Object> hoard = new ArrayList<>(); // in workers
    private static ProcessPool pool;

    @TempDir
    Path folder;

    /** Any class; it is defined again and again. */
    private static final class Defined {}

    @BeforeAll
    static void open() {
        pool = ProcessPool.open(c -> c.withName("memory")
                .withWorkers(1)
                .withMaxHeapMiB(48)
                .withJvmOptions("-XX:MaxMetaspaceSize=32m", "-XX:MaxDirectMemorySize=16m")
                .withListener(events));
    }

    @AfterAll
    static void close() {
        pool.close();
        assertThat(Pids.alive(events.pids())).isEmpty();
    }

    private static WorkerOutOfMemoryError exhaust(Task<?> task) throws Exception {
        PoolRun<?> run = PoolRun.start(pool, "greedy", task);
        long pid = run.pid();

        Throwable failure = run.failure();

        assertThat(failure).isInstanceOf(WorkerOutOfMemoryError.class).hasMessageContaining("'greedy'");
        assertThat(events.await(ScopeEvent.WorkerRetired.class, pid))
                .singleElement()
                .satisfies(event -> assertThat(event.reason()).contains("memory"));
        assertThat(PoolRun.run(pool, Work::pid)).isNotEqualTo(pid);
        return (WorkerOutOfMemoryError) failure;
    }

    private static long growHeap() {
        while (true) {
            hoard.add(new long[1 << 12]);
        }
    }

    private static long growMetaspace() throws Exception {
        byte[] code;
        try (InputStream in = Defined.class.getResourceAsStream("MemoryFaultTest$Defined.class")) {
            code = in.readAllBytes();
        }
        MethodHandles.Lookup lookup = MethodHandles.lookup();
        while (true) {
            hoard.add(lookup.defineHiddenClass(code, false, MethodHandles.Lookup.ClassOption.STRONG));
        }
    }

    private static long growDirectMemory() {
        while (true) {
            hoard.add(ByteBuffer.allocateDirect(1 << 20));
        }
    }

    // Until the address space of the process, which the test has bounded, has no room for a stack.
    private static long growThreads(String ready, String go) throws Exception {
        Work.meet(ready, go);
        while (true) {
            Thread thread = new Thread(null, Work::spin, "one of many", 256L << 20);
            thread.setDaemon(true);
            thread.start();
        }
    }

    // Takes all that is left for native code, and then lets the JVM need some for itself.
    private static long growNativeMemory(String ready, String go) throws Exception {
        NativeCode.call("malloc", 1);
        Work.meet(ready, go);
        for (long bytes = 16L << 20; bytes >= 16; bytes /= 2) {
            while (NativeCode.call("malloc", bytes) != 0) {
                hoard.add(bytes);
            }
        }
        return growMetaspace();
    }

    @Test
    void aHeapThatIsFullAndStaysFullIsNamedWithItsOption() throws Exception {
        WorkerOutOfMemoryError error = exhaust(MemoryFaultTest::growHeap);

        assertThat(error.memory()).isEqualTo(Memory.HEAP);
        assertThat(error).hasMessageContaining("Java heap space").hasMessageContaining("withMaxHeapMiB(48)");
        assertThat(error).hasCauseInstanceOf(OutOfMemoryError.class);
    }

    @Test
    void aHeapThatAnOptionOfTheJvmBoundsIsNamedWithThat() {
        try (ProcessPool own =
                ProcessPool.open(c -> c.withWorkers(1).withJvmOptions("-Xmx32m", "-XX:MaxHeapFreeRatio=50"))) {
            assertThat(PoolRun.fail(own, MemoryFaultTest::growHeap))
                    .isInstanceOf(WorkerOutOfMemoryError.class)
                    .hasMessageContaining("raise the -Xmx32m of withJvmOptions");
        }
    }

    @Test
    void metaspaceIsNamedWithItsOption() throws Exception {
        WorkerOutOfMemoryError error = exhaust(MemoryFaultTest::growMetaspace);

        assertThat(error.memory()).isEqualTo(Memory.METASPACE);
        assertThat(error).hasMessageContaining("Metaspace").hasMessageContaining("-XX:MaxMetaspaceSize");
    }

    @Test
    void directMemoryIsNamedWithItsOption() throws Exception {
        WorkerOutOfMemoryError error = exhaust(MemoryFaultTest::growDirectMemory);

        assertThat(error.memory()).isEqualTo(Memory.DIRECT);
        assertThat(error).hasMessageContaining("direct").hasMessageContaining("-XX:MaxDirectMemorySize");
    }

    @Test
    void aBigResultForWhichNoDirectMemoryIsLeftArrivesOrIsACrashThatNamesTheReason() throws Exception {
        PoolRun<byte[]> run = PoolRun.start(pool, "greedy", () -> {
            for (int bytes = 1 << 20; bytes >= 256; bytes /= 16) { // the JDK takes half a second to refuse one
                try {
                    while (true) {
                        hoard.add(ByteBuffer.allocateDirect(bytes));
                    }
                } catch (OutOfMemoryError e) {
                    hoard.add(e);
                }
            }
            return new byte[2_000_000];
        });

        try {
            assertThat(run.get()).hasSize(2_000_000);
            Pids.signal("KILL", run.pid()); // its worker, which the tests after this one could not use
        } catch (WorkerCrashedException e) {
            assertThat(e).hasMessageContaining("want of memory");
        }
        assertThat(PoolRun.run(pool, Work::pid)).isPositive();
    }

    @Test
    void anErrorThatTheTaskHasWrappedIsNamedAndIsInTheCauses() throws Exception {
        WorkerOutOfMemoryError error = exhaust(() -> {
            try {
                return growDirectMemory();
            } catch (OutOfMemoryError e) {
                throw new ExecutionException("wrapped", e);
            }
        });

        assertThat(error.memory()).isEqualTo(Memory.DIRECT);
        assertThat(error).hasCauseInstanceOf(ExecutionException.class).hasRootCauseInstanceOf(OutOfMemoryError.class);
    }

    @Test
    void anArrayThatIsTooLongIsAnOutOfMemoryErrorToo() throws Exception {
        WorkerOutOfMemoryError error = exhaust(() -> new byte[Integer.MAX_VALUE].length);

        assertThat(error).hasMessageContaining("array size");
    }

    @Test
    void aTaskForWhoseThreadsThereIsNoRoomIsToldSo() throws Exception {
        String ready = folder.resolve("ready").toString();
        String go = folder.resolve("go").toString();
        PoolRun<Long> run = PoolRun.start(pool, "greedy", () -> growThreads(ready, go));
        Eventually.becomesTrue("it is there", () -> Files.exists(Path.of(ready)));
        limitAddressSpace(run.pid(), 1L << 30);

        Work.touch(go);

        assertThat(run.failure()).isInstanceOfSatisfying(WorkerOutOfMemoryError.class, error -> {
            assertThat(error.memory()).isEqualTo(Memory.THREADS);
            assertThat(error).hasMessageContaining("native thread").hasMessageContaining("-Xss");
        });
        assertThat(PoolRun.run(pool, Work::pid)).isNotEqualTo(run.pid());
    }

    @Test
    void aJvmThatTheSystemGivesNoMemoryIsReportedAsThat() throws Exception {
        assumeTrue(NativeCode.isAvailable(), NativeCode.MISSING);
        String ready = folder.resolve("ready").toString();
        String go = folder.resolve("go").toString();
        PoolRun<Long> run = PoolRun.start(pool, "greedy", () -> growNativeMemory(ready, go));
        Eventually.becomesTrue("it is there", () -> Files.exists(Path.of(ready)));
        limitAddressSpace(run.pid(), 64L << 20);

        Work.touch(go);

        assertThat(run.failure()).isInstanceOfSatisfying(WorkerCrashedException.class, crash -> {
            assertThat(crash)
                    .hasMessageContaining("no more memory outside the heap")
                    .hasMessageContaining("withWorkers(1)");
            assertThat(crash.crashFile()).isPresent();
        });
        Crashes.deleteReport((WorkerCrashedException) run.failure());
        assertThat(PoolRun.run(pool, Work::pid)).isNotEqualTo(run.pid());
    }

    // To what it has, and a little more.
    private static void limitAddressSpace(long pid, long more) throws Exception {
        String pages =
                Files.readString(Path.of("/proc/%d/statm".formatted(pid))).split(" ")[0];
        long limit = Long.parseLong(pages) * 4096 + more;
        Process prlimit = new ProcessBuilder("prlimit", "--pid", "" + pid, "--as=" + limit)
                .inheritIO()
                .start();
        assertThat(prlimit.waitFor()).isZero();
    }
}
