package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What workers learn of the environment. */
class WorkerEnvironmentTest {

    private static Map<String, String> restricted(List<String> more, String... names) {
        Map<String, String> environment = new HashMap<>();
        for (String name : names) {
            environment.put(name, "x");
        }
        WorkerEnvironment.restrict(environment, more);
        return environment;
    }

    @Test
    void workersGetWhatSaysWhereTheyRunAndNoSecret() {
        assertThat(restricted(
                        List.of(),
                        "PATH",
                        "LC_ALL",
                        "LC_TIME",
                        "TZ",
                        "AWS_SECRET_ACCESS_KEY",
                        "DB_PASSWORD",
                        "PATHS",
                        "LC"))
                .containsOnlyKeys("PATH", "LC_ALL", "LC_TIME", "TZ");
    }

    @Test
    void theUserNamesOthersOrTheirBeginningsOrAll() {
        assertThat(restricted(List.of("A", "B_*"), "A", "AB", "B_", "B_1", "BB"))
                .containsOnlyKeys("A", "B_", "B_1");
        assertThat(restricted(List.of("*"), "A", "B")).containsOnlyKeys("A", "B");
    }

    @Test
    void whatWouldBringTheParentsAgentsAlongIsNeverGiven() {
        assertThat(restricted(List.of("*", "_JAVA_OPTIONS"), "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "A=b", "*_KEY", "A*B"})
    void whatIsNoNameIsRefusedAndTheMessageSaysWhatToDo(String name) {
        assertThatThrownBy(() -> ProcessPoolConfig.defaults().withEnvironment(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("environment variable '" + name + "'")
                .hasMessageContaining("withJvmOptions(\"-Dkey=value\")");
    }

    @Test
    void aRealWorkerHasThoseVariablesAndNoOthers() throws Exception {
        String own = System.getenv().keySet().stream()
                .filter(name -> restricted(List.of(), name).isEmpty())
                .findFirst()
                .orElse("NOT_SET_HERE");
        Map<String, String> expected = new TreeMap<>(System.getenv());
        WorkerEnvironment.restrict(expected, List.of());
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1))) {
            assertThat(PoolRun.run(pool, WorkerEnvironmentTest::environment)).isEqualTo(expected);
        }
        expected = new TreeMap<>(System.getenv());
        WorkerEnvironment.restrict(expected, List.of(own));
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1).withEnvironment(own))) {
            assertThat(PoolRun.run(pool, WorkerEnvironmentTest::environment)).isEqualTo(expected);
        }
    }

    // The C library and the launcher of the JVM may add some of their own.
    private static TreeMap<String, String> environment() {
        TreeMap<String, String> environment = new TreeMap<>(System.getenv());
        environment.keySet().removeIf(name -> name.startsWith("NLSPATH") || name.startsWith("XFILESEARCHPATH"));
        environment.remove(StrayProcesses.VARIABLE);
        return environment;
    }
}
