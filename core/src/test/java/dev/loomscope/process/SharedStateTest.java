package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import java.util.TimeZone;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What tasks of one worker share, and what they do not: the policy is in the documentation of {@link ProcessPool}. */
class SharedStateTest {

    private static final AtomicInteger counter = new AtomicInteger(); // one in each process
    private static ProcessPool pool;

    @BeforeAll
    static void open() {
        pool = ProcessPool.open(c -> c.withName("shared state").withWorkers(1));
    }

    @AfterAll
    static void close() {
        pool.close();
    }

    @Test
    void aStaticThatATaskChangesStaysChangedInItsWorkerOnly() throws Exception {
        int first = PoolRun.run(pool, () -> counter.incrementAndGet());

        assertThat(PoolRun.run(pool, () -> counter.incrementAndGet())).isEqualTo(first + 1);
        assertThat(counter).hasValue(0);
    }

    @Test
    void aPropertyThatATaskSetsStaysSetInItsWorkerOnly() throws Exception {
        PoolRun.run(pool, () -> System.setProperty("loom.scope.test", "set"));

        assertThat(PoolRun.run(pool, () -> System.getProperty("loom.scope.test")))
                .isEqualTo("set");
        assertThat(System.getProperty("loom.scope.test")).isNull();
    }

    @Test
    void nextTaskHasLocaleAndTimeZoneOfItsForkAgain() throws Exception {
        Locale here = Locale.getDefault();
        TimeZone zoneHere = TimeZone.getDefault();
        PoolRun.run(pool, () -> {
            Locale.setDefault(Locale.of("sw", "KE"));
            TimeZone.setDefault(TimeZone.getTimeZone("Africa/Nairobi"));
            return 1;
        });

        assertThat(PoolRun.run(
                        pool,
                        () -> Locale.getDefault() + " " + TimeZone.getDefault().getID()))
                .isEqualTo(here + " " + zoneHere.getID());
        assertThat(Locale.getDefault()).isEqualTo(here);
        assertThat(TimeZone.getDefault()).isEqualTo(zoneHere);
    }

    @Test
    void whatATaskDoesToItsThreadIsUndone() throws Exception {
        PoolRun.run(pool, () -> {
            Thread.currentThread().setName("mine");
            Thread.currentThread().setPriority(Thread.MIN_PRIORITY);
            Thread.currentThread().setContextClassLoader(null);
            Thread.currentThread().interrupt();
            return 1;
        });

        assertThat(PoolRun.run(pool, () -> {
                    Thread me = Thread.currentThread();
                    return me.getName().startsWith("loom-scope-task-")
                            && me.getPriority() == Thread.NORM_PRIORITY
                            && me.getContextClassLoader() == ClassLoader.getSystemClassLoader()
                            && !me.isInterrupted();
                }))
                .isTrue();
    }
}
