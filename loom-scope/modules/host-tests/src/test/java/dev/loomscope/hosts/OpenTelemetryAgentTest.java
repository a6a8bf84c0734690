package dev.loomscope.hosts;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs that run under the real OpenTelemetry java agent. */
class OpenTelemetryAgentTest {

    private static final Path AGENT = Path.of("target/opentelemetry/opentelemetry-javaagent.jar");
    private static final String TRACE_ID = "[0-9a-f]{32}";
    private static final int LIMIT_SECONDS = 120;

    /** Whether the application has OpenTelemetry's API on its own class path. */
    enum Api {
        ABSENT,
        PRESENT
    }

    @TempDir
    private Path folder;

    @Test
    void httpCallsOfSubtasksBelongToTheTraceOfTheRequest() throws Exception {
        assertOneTracePerRequest(run(TracedCalls.class, Api.ABSENT));
    }

    @Test
    void contextOfTheApplicationReachesSubtasksAndIsNotRetained() throws Exception {
        Map<String, List<String>> results = run(TracedApiUser.class, Api.PRESENT);

        Map<String, List<String>> checks = new TreeMap<>(results);
        checks.keySet().removeIf(name -> !name.startsWith("api-"));
        assertThat(checks)
                .hasSize(5)
                .allSatisfy((check, holds) -> assertThat(holds).as(check).containsExactly("true"));
        results.keySet().removeAll(checks.keySet());
        assertOneTracePerRequest(results);
    }

    private static void assertOneTracePerRequest(Map<String, List<String>> traceIds) {
        List<String> untracedAfterTraced = traceIds.remove("untraced-after-traced");
        assertThat(traceIds).containsKeys("executor", "io", "blocking", "io-queued", "reused-queued", "then", "map");
        assertThat(traceIds)
                .allSatisfy((way, ids) -> assertThat(ids)
                        .as("trace ids of the parent and of its calls by " + way)
                        .hasSize(2)
                        .allMatch(id -> id.matches(TRACE_ID))
                        .containsOnly(ids.getFirst()));
        assertThat(untracedAfterTraced).hasSize(3).allMatch(id -> id.matches(TRACE_ID));
        assertThat(untracedAfterTraced.get(1)).isEqualTo(untracedAfterTraced.get(0));
        assertThat(untracedAfterTraced.get(2)).isNotEqualTo(untracedAfterTraced.get(0));
    }

    // The results by name. The other lines are of the log.
    private Map<String, List<String>> run(Class<?> program, Api api) throws Exception {
        assertThat(AGENT).exists();
        Path out = folder.resolve("out.txt");
        Path err = folder.resolve("err.txt");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-javaagent:" + AGENT,
                        "-XX:TieredStopAtLevel=1", // the agent starts in half the time
                        "-Dotel.traces.exporter=none",
                        "-Dotel.metrics.exporter=none",
                        "-Dotel.logs.exporter=none",
                        "-cp",
                        classPath(api),
                        program.getName())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        try {
            assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS))
                    .as("ended within %d s", LIMIT_SECONDS)
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).as(Files.readString(err)).isZero();
        return Files.readAllLines(out).stream()
                .map(line -> List.of(line.split(" ")))
                .filter(words -> words.getFirst().equals("RESULT"))
                .collect(Collectors.toMap(words -> words.get(1), words -> words.subList(2, words.size())));
    }

    // Surefire may start the tests from a jar that only has a manifest, and says then what was in the class path.
    private static String classPath(Api api) {
        String all = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        List<String> entries = new ArrayList<>(Arrays.asList(all.split(File.pathSeparator)));
        assertThat(entries).anyMatch(entry -> entry.contains("opentelemetry-api"));
        if (api == Api.ABSENT) {
            entries.removeIf(entry -> entry.contains("opentelemetry"));
        }
        return String.join(File.pathSeparator, entries);
    }
}
