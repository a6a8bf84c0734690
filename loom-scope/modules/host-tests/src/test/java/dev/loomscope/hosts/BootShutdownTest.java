package dev.loomscope.hosts;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Executable jars of Spring Boot, without any module of ours for it, that are asked to end while requests are in flight. */
@Timeout(120)
class BootShutdownTest {

    private static final List<String> KINDS = List.of("IO", "BLOCKING", "CPU");

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"boot3", "boot4"})
    void requestsInFlightOfAllKindsEndWithTheirResultsAndLaterOnesAreRefused(String boot) throws Exception {
        try (BootProgram program = BootProgram.start(boot, folder);
                HttpClient client = newClient()) {
            Map<String, CompletableFuture<HttpResponse<String>>> requests = new LinkedHashMap<>();
            CompletableFuture<HttpResponse<String>> later = client.sendAsync(
                    get(program, "/fork-later" + query("later")), HttpResponse.BodyHandlers.ofString());
            for (String kind : KINDS) {
                requests.put(kind, client.sendAsync(fork(program, kind), HttpResponse.BodyHandlers.ofString()));
            }
            for (String kind : KINDS) {
                program.await("the subtask of kind " + kind + " runs", () -> Files.exists(begun(kind)));
            }

            program.await("the request that forks later runs", () -> Files.exists(begun("later")));

            program.terminate();
            program.awaitLine("graceful shutdown");
            program.await("other requests are refused", () -> !isServed(program));
            Files.createFile(folder.resolve("go"));

            for (String kind : KINDS) {
                HttpResponse<String> response = requests.get(kind).get(30, TimeUnit.SECONDS);
                assertThat(response.statusCode())
                        .as(kind + ": " + response.body())
                        .isEqualTo(200);
                boolean same = response.body().equals(kind + " in process " + program.pid());
                assertThat(same).as(response.body()).isEqualTo(!kind.equals("CPU"));
            }
            HttpResponse<String> refused = later.get(30, TimeUnit.SECONDS);
            assertThat(refused.statusCode()).as("a fork while it drains").isEqualTo(503);
            assertThat(refused.body()).contains("RejectedExecutionException", "shutdown has begun");
            assertThat(program.hasEnded(20)).as(program.output()).isTrue();
            assertThat(program.output())
                    .doesNotContainIgnoringCase("somebody")
                    .doesNotContain("WorkerCrashedException", "WorkerStartException");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"boot3", "boot4"})
    void tasksThatDoNotEndAreCancelledSoThatTheirRequestsAreAnswered(String boot) throws Exception {
        try (BootProgram program = BootProgram.start(boot, folder, "--shutdown-grace=500ms");
                HttpClient client = newClient()) {
            CompletableFuture<HttpResponse<String>> request =
                    client.sendAsync(fork(program, "CPU"), HttpResponse.BodyHandlers.ofString());
            program.await("the subtask runs", () -> Files.exists(begun("CPU")));

            program.terminate();

            assertThat(program.hasEnded(40)).as(program.output()).isTrue();
            assertThat(request)
                    .as(program.output())
                    .succeedsWithin(Duration.ofSeconds(10))
                    .satisfies(response -> {
                        assertThat(response.statusCode()).isEqualTo(503);
                        assertThat(response.body()).contains("the shutdown grace of pool 'boot' (500 ms) is over");
                    });
            assertThat(program.output())
                    .contains("this JVM is about to exit, and the shutdown grace of pool 'boot' (500 ms) is over")
                    .doesNotContainIgnoringCase("somebody");
        }
    }

    private static HttpClient newClient() {
        return HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(Duration.ofSeconds(10))
                .build();
    }

    private Path begun(String kind) {
        return folder.resolve("begun-" + kind);
    }

    private HttpRequest fork(BootProgram program, String kind) throws IOException {
        return get(program, "/fork" + query(kind) + "&kind=" + kind);
    }

    private String query(String name) {
        return "?begun=%s&go=%s".formatted(encoded(begun(name)), encoded(folder.resolve("go")));
    }

    private static String encoded(Path path) {
        return URLEncoder.encode(path.toString(), StandardCharsets.UTF_8);
    }

    private static HttpRequest get(BootProgram program, String path) throws IOException {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + program.port() + path))
                .timeout(Duration.ofSeconds(60))
                .build();
    }

    // Whether another request gets an answer of the application: that there is no such page.
    private static boolean isServed(BootProgram program) throws Exception {
        try (HttpClient client = newClient()) {
            return client.send(get(program, "/none"), HttpResponse.BodyHandlers.ofString())
                            .statusCode()
                    == 404;
        } catch (IOException e) {
            return false;
        }
    }
}
