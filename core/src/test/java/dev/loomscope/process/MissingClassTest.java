package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.core.Task;
import dev.loomscope.core.TaskNotSerializableException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Classes that only one of the two JVMs has. */
class MissingClassTest {

    private static final String PACKAGE = MissingClassTest.class.getPackageName() + ".";

    private static final EventTrail events = new EventTrail();
    private static ProcessPool pool;

    @BeforeAll
    static void open() {
        pool = ProcessPool.open(c -> c.withWorkers(1).withListener(events));
    }

    @AfterAll
    static void close() {
        pool.close();
        assertThat(Pids.alive(events.pids())).isEmpty();
    }

    @Test
    void aClassThatIsMissingInTheWorkerIsNamedWithWhatToDo() throws Exception {
        long pid = PoolRun.run(pool, Work::pid);
        Object local = ForeignType.create("OnlyHere");

        assertThat(PoolRun.start(pool, "foreign", () -> local.hashCode()).failure())
                .isInstanceOf(TaskNotSerializableException.class)
                .hasMessageStartingWith("CPU task 'foreign' cannot be read in its worker, which has no class " + PACKAGE
                        + "OnlyHere. Workers have the class path")
                .hasCauseInstanceOf(ClassNotFoundException.class);
        assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(pid);
    }

    @Test
    void aClassThatTheTaskItselfDoesNotFindIsItsOwnFailure() {
        Task<Object> looking = () -> Class.forName("no.such.Type");

        assertThat(PoolRun.fail(pool, looking))
                .isInstanceOf(ClassNotFoundException.class)
                .hasMessage("no.such.Type");
    }

    @Test
    void aClassThatIsMissingHereIsNamedWithWhatToDo() throws Exception {
        long pid = PoolRun.run(pool, Work::pid);

        assertThat(PoolRun.fail(pool, () -> List.of(ForeignType.create("OnlyThere"))))
                .isInstanceOf(ResultRejectedException.class)
                .hasMessageContaining("could not be read: java.lang.ClassNotFoundException: " + PACKAGE + "OnlyThere")
                .hasMessageContaining("Only its worker knows that class");
        assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(pid);
    }

    @Test
    void anExceptionWhoseClassIsMissingHereIsDescribed() throws Exception {
        long pid = PoolRun.run(pool, Work::pid);

        assertThat(PoolRun.fail(pool, () -> {
                    throw ForeignType.createException("ThrownThere");
                }))
                .isInstanceOfSatisfying(RemoteTaskException.class, e -> {
                    assertThat(e.remoteClass()).isEqualTo(PACKAGE + "ThrownThere");
                    assertThat(e.getSuppressed()).singleElement().isInstanceOf(ClassNotFoundException.class);
                });
        assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(pid);
    }
}
