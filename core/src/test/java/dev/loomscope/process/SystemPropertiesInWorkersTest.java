package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.core.Task;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The properties that the user names are in a worker what they are here at the fork. */
@Timeout(60)
class SystemPropertiesInWorkersTest {

    private final Properties properties = (Properties) System.getProperties().clone();

    @AfterEach
    void restore() {
        System.setProperties(properties);
    }

    private static ProcessPool open(String... patterns) {
        return ProcessPool.open(c -> c.withWorkers(1).withMaxHeapMiB(64).withSystemProperties(patterns));
    }

    /** All properties whose names begin so. */
    private static Map<String, String> propertiesOf(String beginning) {
        Map<String, String> found = new HashMap<>();
        for (String name : System.getProperties().stringPropertyNames()) {
            if (name.startsWith(beginning)) {
                found.put(name, System.getProperty(name));
            }
        }
        return found;
    }

    private static Map<String, String> inWorker(ProcessPool pool) throws Exception {
        return PoolRun.run(pool, () -> new HashMap<>(propertiesOf("acme.")));
    }

    @Test
    void onlyThoseThatAreNamedAreCarried() throws Exception {
        System.setProperty("acme.one", "1");
        System.setProperty("acme.part.a", "a");
        System.setProperty("acme.partial", "p");
        System.setProperty("acme.secret", "s");
        try (ProcessPool pool = open("acme.one", "acme.part.*", "acme.absent")) {
            assertThat(inWorker(pool)).isEqualTo(Map.of("acme.one", "1", "acme.part.a", "a"));
        }
        try (ProcessPool pool = open("acme.part*")) {
            assertThat(inWorker(pool)).isEqualTo(Map.of("acme.partial", "p", "acme.part.a", "a"));
        }
    }

    @Test
    void theyAreSetChangedAndRemovedAtRunTimeAlsoInAWarmWorker() throws Exception {
        try (ProcessPool pool = open("acme.one", "acme.many.*")) {
            assertThat(inWorker(pool)).isEmpty();
            long pid = PoolRun.run(pool, Work::pid);
            for (int i = 0; i < 3; i++) {
                System.setProperty("acme.one", "value " + i);
                System.setProperty("acme.many." + i, "");
                assertThat(inWorker(pool)).hasSize(i + 2).isEqualTo(propertiesOf("acme."));
            }
            System.clearProperty("acme.one");
            System.clearProperty("acme.many.1");
            assertThat(inWorker(pool)).hasSize(2).isEqualTo(propertiesOf("acme."));
            assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(pid);
        }
    }

    @Test
    void whatATaskDoesToThemIsUndoneForTheNext() throws Exception {
        System.setProperty("acme.kept", "kept");
        System.setProperty("acme.kept.too", "kept");
        try (ProcessPool pool = open("acme.*", "single")) {
            PoolRun.run(pool, () -> {
                System.clearProperty("acme.kept");
                System.getProperties().put("acme.kept.too", 42);
                System.setProperty("acme.new", "new");
                System.setProperty("single", "new");
                System.setProperty("other", "stays");
                return "done";
            });
            assertThat(inWorker(pool)).isEqualTo(propertiesOf("acme."));
            assertThat(PoolRun.<String>run(pool, () -> System.getProperty("single") + System.getProperty("other")))
                    .isEqualTo("nullstays");
        }
    }

    @Test
    void aValueThatIsNoTextCountsAsNoneAsItDoesForGetProperty() throws Exception {
        System.getProperties().put("acme.number", 42);
        System.getProperties().put("acme.list", java.util.List.of());
        System.getProperties().put(42, "a key that is none");
        Task<String> line = () -> System.getProperty("acme.number", "none") + System.getProperty("acme.list", "none");
        try (ProcessPool pool = open("acme.number", "acme.*", "*")) {
            assertThat(PoolRun.run(pool, line)).isEqualTo("nonenone").isEqualTo(line.call());
            System.getProperties().put("acme.number", "42");
            assertThat(PoolRun.run(pool, line)).isEqualTo("42none").isEqualTo(line.call());
            System.getProperties().put("acme.number", 43);
            assertThat(PoolRun.run(pool, line)).isEqualTo("nonenone").isEqualTo(line.call());
        }
    }

    @Test
    void defaultsCountAsTheyDoForGetProperty() throws Exception {
        Properties defaults = new Properties();
        defaults.setProperty("acme.default", "by default");
        Properties own = new Properties(defaults);
        own.putAll(System.getProperties());
        System.setProperties(own);
        try (ProcessPool pool = open("acme.*")) {
            assertThat(inWorker(pool)).isEqualTo(Map.of("acme.default", "by default"));
        }
    }

    @Test
    void valuesOfAllSizesAndLettersArrive() throws Exception {
        System.setProperty("acme.large", "ä".repeat(700_000));
        System.setProperty("acme.odd", "\0\ud800 \n\"\\名");
        try (ProcessPool pool = open("acme.*")) {
            assertThat(inWorker(pool)).isEqualTo(propertiesOf("acme."));
            System.setProperty("acme.large", "é".repeat(700_000));
            assertThat(inWorker(pool)).isEqualTo(propertiesOf("acme."));
        }
    }

    /** In the middle of which its task is cancelled. */
    @Test
    void settingsThatTakeManyFramesAreWholeForTheNextTask() throws Exception {
        System.setProperty("acme.large", "a".repeat(2_000_000));
        try (ProcessPool pool = open("acme.*")) {
            PoolRun.run(pool, Work::pid);
            for (int i = 0; i < 20; i++) {
                System.setProperty("acme.large", ("" + i % 10).repeat(2_000_000));
                byte[] large = new byte[1_000_000];
                PoolRun<Integer> cancelled =
                        PoolRun.start(pool, () -> large.length).cancel("not wanted");
                assertThat(PoolRun.<Integer>run(
                                pool, () -> System.getProperty("acme.large").hashCode()))
                        .isEqualTo(System.getProperty("acme.large").hashCode());
                cancelled.hasEnded();
            }
        }
    }

    @Test
    void aStarForAllLeavesAWorkerWhatDescribesItsJvm() throws Exception {
        System.setProperty("acme.any", "any");
        System.setProperty("loom.scope.worker", "not for workers");
        Task<Map<String, String>> line = () -> {
            Map<String, String> found = new HashMap<>();
            for (String name : new String[] {
                "java.home", "java.class.path", "java.awt.headless", "stdout.encoding", "loom.scope.worker", "acme.any"
            }) {
                found.put(name, System.getProperty(name));
            }
            return found;
        };
        Map<String, String> without;
        try (ProcessPool pool = open()) {
            without = PoolRun.run(pool, line);
        }
        try (ProcessPool pool = open("*")) {
            Map<String, String> expected = new HashMap<>(without);
            expected.put("acme.any", "any");
            assertThat(PoolRun.run(pool, line)).isEqualTo(expected);
            assertThat(PoolRun.run(pool, line)).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "a*b",
                "*.acme",
                "**",
                "acme.mode=x",
                "-Dacme.mode",
                " acme",
                "acme ",
                "java.home",
                "java.class.path",
                "java.vm.name",
                "java.version.date",
                "os.name",
                "loom.scope.worker",
                "stdout.encoding",
                "jdk.module.path"
            })
    void patternsThatMeanNothingOrWouldBreakAWorkerAreRefused(String pattern) {
        assertThatThrownBy(
                        () -> ProcessPoolConfig.defaults().withName("odd").withSystemProperties("acme.fine", pattern))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("pool 'odd'")
                .hasMessageContaining("'" + pattern + "'")
                .hasMessageContaining("acme.*");
    }

    @Test
    void nullsAreRefused() {
        assertThatThrownBy(() -> ProcessPoolConfig.defaults().withSystemProperties((String) null))
                .isInstanceOf(NullPointerException.class)
                .hasMessageContaining("pattern");
        assertThatThrownBy(() -> ProcessPoolConfig.defaults().withSystemProperties((String[]) null))
                .isInstanceOf(NullPointerException.class);
    }

    @Test
    void theConfigurationTellsThem() {
        ProcessPoolConfig config =
                ProcessPoolConfig.defaults().withSystemProperties("a", "b.*").withSystemProperties("c");

        assertThat(config.systemProperties()).containsExactly("a", "b.*", "c");
        assertThat(config.toString()).contains("systemProperties=[a, b.*, c]");
    }

    /** The command line of a process can be read by everybody. */
    @Test
    void valuesAreOnNoCommandLine() throws Exception {
        System.setProperty("acme.password", "very secret");
        try (ProcessPool pool = open("acme.*")) {
            assertThat(PoolRun.<String>run(
                            pool,
                            () -> System.getProperty("acme.password")
                                    + java.lang.management.ManagementFactory.getRuntimeMXBean()
                                            .getInputArguments()))
                    .startsWith("very secret")
                    .doesNotContain("acme.password");
        }
    }
}
