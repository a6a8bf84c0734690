package dev.loomscope.process;

import static dev.loomscope.process.Faulty.Fault.ALLOCATE;
import static dev.loomscope.process.Faulty.Fault.ERROR;
import static dev.loomscope.process.Faulty.Fault.EXIT;
import static dev.loomscope.process.Faulty.Fault.LISTEN;
import static dev.loomscope.process.Faulty.Fault.LOOP;
import static dev.loomscope.process.Faulty.Fault.THROW;
import static dev.loomscope.process.Faulty.Moment.READ_IN_PARENT;
import static dev.loomscope.process.Faulty.Moment.READ_IN_WORKER;
import static dev.loomscope.process.Faulty.Moment.WRITTEN_IN_FORK;
import static dev.loomscope.process.Faulty.Moment.WRITTEN_IN_WORKER;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.loomscope.core.Task;
import dev.loomscope.core.TaskNotSerializableException;
import dev.loomscope.event.ScopeEvent;
import dev.loomscope.process.Faulty.Exceptional;
import dev.loomscope.process.Faulty.Moment;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Objects whose own code for serialization throws, loops, exits or allocates, on either side, in either direction. */
class FaultyObjectTest {

    private static final Duration GRACE = Duration.ofMillis(100);

    private static final EventTrail events = new EventTrail();
    private static ProcessPool pool;

    @BeforeAll
    static void open() {
        pool = ProcessPool.open(
                c -> c.withWorkers(1).withMaxHeapMiB(64).withCancelGrace(GRACE).withListener(events));
    }

    @AfterAll
    static void close() {
        pool.close();
        assertThat(Pids.alive(events.pids())).isEmpty();
    }

    @BeforeEach
    void arm() {
        Faulty.arm();
    }

    @AfterEach
    void release() {
        Faulty.release();
    }

    /** The fault at this moment, as a task: in what it captured, or in what it returns. */
    private static Task<?> task(Faulty.Fault fault, Moment moment) {
        if (moment == READ_IN_WORKER || moment == WRITTEN_IN_FORK) {
            Faulty captured = new Faulty(fault, moment);
            return () -> captured.hashCode();
        }
        return () -> new Faulty(fault, moment);
    }

    private void assertSameWorkerGoesOn(long pid) throws Exception {
        assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(pid);
    }

    @Test
    void aReadObjectInTheWorkerThatThrowsIsTheFailureOfItsTask() throws Exception {
        long pid = PoolRun.run(pool, Work::pid);

        assertThat(PoolRun.fail(pool, task(THROW, READ_IN_WORKER)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("faulty");
        assertThat(PoolRun.fail(pool, task(ERROR, READ_IN_WORKER)))
                .isInstanceOf(AssertionError.class)
                .hasMessage("faulty");
        assertSameWorkerGoesOn(pid);
    }

    @Test
    void aWriteObjectInTheWorkerThatThrowsIsTheFailureOfItsTask() throws Exception {
        long pid = PoolRun.run(pool, Work::pid);

        assertThat(PoolRun.fail(pool, task(THROW, WRITTEN_IN_WORKER)))
                .isInstanceOf(TaskNotSerializableException.class)
                .hasMessageContaining("the result of CPU task 'task' cannot be sent")
                .hasMessageContaining("IllegalStateException: faulty");
        assertThat(PoolRun.fail(pool, task(ERROR, WRITTEN_IN_WORKER)))
                .isInstanceOf(AssertionError.class)
                .hasMessage("faulty");
        assertSameWorkerGoesOn(pid);
    }

    @ParameterizedTest
    @EnumSource(names = {"READ_IN_WORKER", "WRITTEN_IN_WORKER"})
    void aLoopInTheWorkerIsKilledAfterTheGraceAsAnyOther(Moment moment) throws Exception {
        PoolRun<?> run = PoolRun.start(pool, task(LOOP, moment)).awaitStart();

        run.cancel("enough");

        assertThat(run.failure()).isInstanceOf(CancellationException.class).hasMessageContaining("enough");
        assertThat(events.await(ScopeEvent.WorkerKilled.class, run.pid())).hasSize(1);
        PoolRun.run(pool, Work::pid);
    }

    @Test
    void aLoopInTheExceptionOfATaskIsKilledAfterTheGraceAsAnyOther() throws Exception {
        PoolRun<Object> run = PoolRun.start(pool, () -> {
                    throw new Exceptional(LOOP, WRITTEN_IN_WORKER);
                })
                .awaitStart();

        run.cancel("enough");

        assertThat(run.failure()).isInstanceOf(CancellationException.class);
        PoolRun.run(pool, Work::pid);
    }

    @ParameterizedTest
    @EnumSource(names = {"READ_IN_WORKER", "WRITTEN_IN_WORKER"})
    void anExitInTheWorkerIsACrashOfItsTaskAndOfNoOther(Moment moment) throws Exception {
        assertThat(PoolRun.fail(pool, task(EXIT, moment)))
                .isInstanceOfSatisfying(WorkerCrashedException.class, crash -> {
                    assertThat(crash.exitCode()).hasValue(7);
                    assertThat(crash.started()).isTrue();
                });
        PoolRun.run(pool, Work::pid);
    }

    @ParameterizedTest
    @EnumSource(names = {"READ_IN_WORKER", "WRITTEN_IN_WORKER"})
    void aLackOfMemoryInTheWorkerComesBackAndTheWorkerIsReplaced(Moment moment) throws Exception {
        long pid = PoolRun.run(pool, Work::pid);

        assertThat(PoolRun.fail(pool, task(ALLOCATE, moment))).isInstanceOf(OutOfMemoryError.class);

        assertThat(PoolRun.run(pool, Work::pid)).isNotEqualTo(pid);
        assertThat(events.await(ScopeEvent.WorkerRetired.class, pid)).hasSize(1); // and has not crashed
    }

    @ParameterizedTest
    @EnumSource(
            value = Faulty.Fault.class,
            names = {"THROW", "ERROR", "ALLOCATE"})
    void anExceptionThatCannotBeWrittenIsDescribed(Faulty.Fault fault) throws Exception {
        long pid = PoolRun.run(pool, Work::pid);

        assertThat(PoolRun.fail(pool, () -> {
                    throw new Exceptional(fault, WRITTEN_IN_WORKER);
                }))
                .isInstanceOf(RemoteTaskException.class)
                .hasMessage(Exceptional.class.getName() + ": exceptional");
        assertSameWorkerGoesOn(pid);
    }

    @ParameterizedTest
    @EnumSource(
            value = Faulty.Fault.class,
            names = {"THROW", "ERROR", "ALLOCATE"})
    void anExceptionThatCannotBeReadHereIsDescribedWithTheReason(Faulty.Fault fault) throws Exception {
        long pid = PoolRun.run(pool, Work::pid);

        assertThat(PoolRun.fail(pool, () -> {
                    throw new Exceptional(fault, READ_IN_PARENT);
                }))
                .isInstanceOfSatisfying(
                        RemoteTaskException.class,
                        e -> assertThat(e.getSuppressed()).hasSize(1))
                .hasMessage(Exceptional.class.getName() + ": exceptional");
        assertSameWorkerGoesOn(pid);
    }

    @Test
    void whatAWriteObjectThrowsInForkIsThrownByFork() throws Exception {
        long pid = PoolRun.run(pool, Work::pid);

        assertThatThrownBy(() -> PoolRun.prepare(pool, "t", task(THROW, WRITTEN_IN_FORK)))
                .isInstanceOf(TaskNotSerializableException.class)
                .hasMessageContaining("Faulty could not be written (java.lang.IllegalStateException: faulty)");
        assertThatThrownBy(() -> PoolRun.prepare(pool, "t", task(ERROR, WRITTEN_IN_FORK)))
                .isInstanceOf(AssertionError.class)
                .hasMessage("faulty");
        assertThatThrownBy(() -> PoolRun.prepare(pool, "t", task(ALLOCATE, WRITTEN_IN_FORK)))
                .isInstanceOf(OutOfMemoryError.class);
        assertSameWorkerGoesOn(pid);
    }

    @Test
    void aForkWhoseWriteObjectLoopsKeepsNobodyElseFromForking() throws Exception {
        Task<?> looping = task(LOOP, WRITTEN_IN_FORK);
        Thread forker = Thread.ofPlatform().start(() -> PoolRun.prepare(pool, "looping", looping));
        Faulty.awaitLoop();

        assertThat(PoolRun.run(pool, () -> "done")).isEqualTo("done");

        assertThat(forker.isAlive()).isTrue();
        Faulty.release();
        assertThat(forker.join(PoolRun.PATIENCE)).isTrue();
    }

    @ParameterizedTest
    @EnumSource(
            value = Faulty.Fault.class,
            names = {"THROW", "ERROR", "ALLOCATE"})
    void aResultWhoseReadObjectFailsHereIsAFailureThatSaysSo(Faulty.Fault fault) throws Exception {
        long pid = PoolRun.run(pool, Work::pid);

        assertThat(PoolRun.fail(pool, task(fault, READ_IN_PARENT)))
                .isInstanceOf(ResultRejectedException.class)
                .hasMessageContaining("what CPU task 'task' returned or threw could not be read: java.lang.")
                .cause()
                .isInstanceOfAny(IllegalStateException.class, AssertionError.class, OutOfMemoryError.class);
        assertSameWorkerGoesOn(pid);
    }

    @Test
    void aResultWhoseReadObjectLoopsHereIsLeftBehindByACancel() throws Exception {
        long pid = PoolRun.run(pool, Work::pid);
        PoolRun<?> run = PoolRun.start(pool, "looping", task(LOOP, READ_IN_PARENT));
        Thread reader = Faulty.awaitLoop();

        try (LogTrail log = LogTrail.follow(ResultReading.class.getName(), Level.WARN)) {
            run.cancel("enough");

            assertThat(run.failure())
                    .isInstanceOf(CancellationException.class)
                    .hasMessageContaining("CPU task 'looping' was cancelled: enough")
                    .hasMessageContaining("left behind");
            Eventually.becomesTrue("it is logged", () -> !log.messages().isEmpty());
            assertThat(log.messages(Level.WARN))
                    .singleElement()
                    .asString()
                    .containsPattern("'looping' was cancelled \\d{4,} ms ago")
                    .contains("readObject");
        }
        assertThat(reader.isAlive()).isTrue();
        assertThat(reader.isDaemon()).isTrue();
        assertThat(reader.isVirtual()).as("it would take a carrier").isFalse();
        assertSameWorkerGoesOn(pid);
    }

    @Test
    void aResultThatIsOnlySlowToReadIsLeftBehindWithoutAWord() throws Exception {
        PoolRun<?> run = PoolRun.start(pool, "slow", task(LOOP, READ_IN_PARENT));
        Faulty.awaitLoop();
        try (LogTrail log = LogTrail.follow(ResultReading.class.getName(), Level.DEBUG)) {
            run.cancel("enough");
            assertThat(run.failure()).hasMessageContaining("left behind");
            CountDownLatch looked = new CountDownLatch(1);
            PatientDelay.schedule(Duration.ofMillis(1_200), looked::countDown); // after the one of the reading

            Faulty.release();

            assertThat(looked.await(30, SECONDS)).isTrue();
            assertThat(log.messages()).isEmpty();
        }
    }

    @Test
    void anExceptionWhoseReadObjectLoopsHereIsLeftBehindByACancel() throws Exception {
        PoolRun<Object> run = PoolRun.start(pool, () -> {
            throw new Exceptional(LOOP, READ_IN_PARENT);
        });
        Faulty.awaitLoop();

        run.cancel("enough");

        assertThat(run.failure()).isInstanceOf(CancellationException.class).hasMessageContaining("left behind");
    }

    @Test
    void aResultThatWasCancelledBeforeItCameIsLeftBehindToo() throws Exception {
        PoolRun<?> run = PoolRun.start(pool, () -> {
                    try {
                        return Work.listen();
                    } catch (InterruptedException e) {
                        return new Faulty(LOOP, READ_IN_PARENT);
                    }
                })
                .awaitStart();

        run.cancel("enough");

        assertThat(run.failure()).isInstanceOf(CancellationException.class).hasMessageContaining("enough");
    }

    @Test
    void aReadObjectHereThatListensIsInterruptedByACancel() throws Exception {
        PoolRun<?> run = PoolRun.start(pool, task(LISTEN, READ_IN_PARENT));
        Faulty.awaitLoop();

        run.cancel("enough");

        assertThat(run.failure())
                .isInstanceOfAny(ResultRejectedException.class, CancellationException.class)
                .hasMessageContaining("task");
    }

    @Test
    void aReadObjectHereMayTakeItsTimeIfNobodyCancels() throws Exception {
        PoolRun<?> run = PoolRun.start(pool, task(LOOP, READ_IN_PARENT));
        Faulty.awaitLoop();
        Faulty.release();

        assertThat(run.get()).isInstanceOf(Faulty.class);
    }

    @Test
    void anExitInTheReadObjectOfAResultEndsThisJvmAsItSaysAndItsWorkersToo() throws Exception {
        try (PoolOwner owner = PoolOwner.start("exiting")) {
            long worker = Long.parseLong(owner.readLine());
            assertThat(owner.hasEnded(30)).isTrue();
            Eventually.becomesTrue("its worker is gone", () -> !Pids.isAlive(worker));
        }
    }
}
