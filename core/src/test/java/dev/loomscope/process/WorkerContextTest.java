package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.loomscope.core.ContextValue;
import dev.loomscope.core.Task;
import dev.loomscope.core.TaskNotSerializableException;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

class WorkerContextTest {

    private static final ContextValue<String> TENANT = ContextValue.named("test.tenant");
    private static final ContextValue<List<String>> TRAIL = ContextValue.named("test.trail");
    private static final ContextValue<Locale> LANGUAGE = ContextValue.named("test.language");
    private static final ContextValue<Object> ANYTHING = ContextValue.named("test.anything");

    /** Looks around while it is read. */
    static final class Curious implements Serializable {
        private transient String seen;

        private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
            in.defaultReadObject();
            seen = TENANT.get() + " " + MDC.get("request");
        }
    }

    private static ProcessPool pool;

    private LogTrail log;

    @BeforeAll
    static void open() {
        pool = ProcessPool.open(c -> c.withWorkers(1));
    }

    @AfterAll
    static void close() {
        pool.close();
    }

    @BeforeEach
    void follow() {
        log = LogTrail.follow("dev.loomscope.worker", Level.INFO);
    }

    @AfterEach
    void forget() {
        MDC.clear();
        log.close();
    }

    private void awaitLine(String part) throws Exception {
        Eventually.becomesTrue(
                "a line with " + part, () -> log.messages().stream().anyMatch(line -> line.contains(part)));
    }

    @Test
    void theMdcIsInTheLogLinesOfTheWorkerAndInWhatTheTaskPrints() throws Exception {
        MDC.put("request", "r-17");

        PoolRun.runWithContext(pool, () -> {
            LoggerFactory.getLogger("some.task").warn("at work");
            System.out.println("printed for " + MDC.get("request"));
            return 1;
        });

        awaitLine("at work request=r-17");
        awaitLine("printed for r-17");
    }

    @Test
    void declaredValuesAreFoundByTheirNames() throws Exception {
        List<String> seen = TENANT.where("acme")
                .call(() -> LANGUAGE.where(Locale.FRENCH)
                        .call(() -> PoolRun.runWithContext(
                                pool,
                                () -> List.of(
                                        TENANT.get(),
                                        LANGUAGE.get().toLanguageTag(),
                                        String.valueOf(TRAIL.isBound())))));

        assertThat(seen).containsExactly("acme", "fr", "false");
    }

    @Test
    void theContextIsThereWhenTheObjectsOfTheTaskAreRead() throws Exception {
        MDC.put("request", "r-18");
        Curious curious = new Curious();

        String seen = TENANT.where("acme").call(() -> PoolRun.runWithContext(pool, () -> curious.seen));

        assertThat(seen).isEqualTo("acme r-18");
    }

    @Test
    void theNextTaskOfTheWorkerSeesNothingOfIt() throws Exception {
        MDC.put("request", "r-19");
        Task<String> look = () -> Work.pid() + " " + MDC.get("request") + " " + TENANT.orElse("nobody");

        String first = TENANT.where("acme").call(() -> PoolRun.runWithContext(pool, look));
        String second = PoolRun.run(pool, look);

        long pid = PoolRun.run(pool, Work::pid);
        assertThat(first).isEqualTo(pid + " r-19 acme");
        assertThat(second).isEqualTo(pid + " null nobody");
    }

    @Test
    void theNextTaskOfTheWorkerSeesNothingOfItAfterAFailure() throws Exception {
        MDC.put("request", "r-20");

        assertThatThrownBy(() -> TENANT.where("acme")
                        .call(() -> PoolRun.runWithContext(pool, () -> {
                            throw new IllegalStateException(MDC.get("request") + " " + TENANT.get());
                        })))
                .hasMessage("r-20 acme");

        assertThat(PoolRun.run(pool, () -> MDC.get("request") + " " + TENANT.isBound()))
                .isEqualTo("null false");
    }

    @Test
    void whatATaskPutsIntoTheMdcStaysInThatTask() throws Exception {
        String both = PoolRun.run(pool, () -> {
            MDC.put("request", "of the task");
            return MDC.get("request");
        });

        assertThat(both).isEqualTo("of the task");
        assertThat(MDC.get("request")).isNull();
        assertThat(PoolRun.run(pool, () -> String.valueOf(MDC.getCopyOfContextMap())))
                .isIn("null", "{}");
    }

    @Test
    void whatATaskDoesToAValueDoesNotFlowBack() throws Exception {
        List<String> trail = new ArrayList<>(List.of("parent"));

        List<String> remote = TRAIL.where(trail).call(() -> {
            List<String> result = PoolRun.runWithContext(pool, () -> {
                TRAIL.get().add("worker");
                return TRAIL.get();
            });
            assertThat(TRAIL.get()).isSameAs(trail);
            return result;
        });

        assertThat(remote).containsExactly("parent", "worker");
        assertThat(trail).containsExactly("parent");
    }

    @Test
    void aTaskIsSentWithTheContextThatItWasForkedWith() throws Exception {
        List<String> trail = new ArrayList<>(List.of("at fork"));
        PoolRun<List<String>> later = TRAIL.where(trail).call(() -> PoolRun.prepareWithContext(pool, TRAIL::get));

        trail.add("after fork");

        assertThat(later.start().get()).containsExactly("at fork");
    }

    @Test
    void aValueThatCannotBeSentIsAnErrorOfTheFork() {
        Object session = new Object();

        assertThatThrownBy(() ->
                        ANYTHING.where(List.of(1, session)).run(() -> PoolRun.prepareWithContext(pool, Work::pid)))
                .isInstanceOf(TaskNotSerializableException.class)
                .hasMessageStartingWith("context value 'test.anything' of CPU task 'task' cannot be sent to another"
                        + " process: java.lang.Object is not Serializable, reached by ")
                .hasMessageContaining("-> [1]. Bind a value that is Serializable");
    }

    @Test
    void aValueThatIsNotBoundIsAnErrorThatNamesIt() {
        assertThat(PoolRun.fail(pool, TENANT::get))
                .isInstanceOf(NoSuchElementException.class)
                .hasMessageContaining("'test.tenant' is not bound");
    }

    /** To start it takes a worker 200 ms, and to find none makes it complain. */
    @Test
    void aWorkerWhoseTasksDoNotLogNeverStartsTheLoggingFramework() throws Exception {
        Task<Integer> state = () -> {
            Field field = LoggerFactory.class.getDeclaredField("INITIALIZATION_STATE");
            field.setAccessible(true);
            return field.getInt(null);
        };
        try (ProcessPool fresh = ProcessPool.open(c -> c.withWorkers(1))) {
            TENANT.where("acme").call(() -> PoolRun.runWithContext(fresh, TENANT::get));

            assertThat(PoolRun.run(fresh, state)).isZero();
            assertThat(PoolRun.run(fresh, state)).isZero();
            PoolRun.run(fresh, () -> LoggerFactory.getLogger("some.task").getName());
            assertThat(PoolRun.run(fresh, state)).isEqualTo(3);
        }
    }
}
