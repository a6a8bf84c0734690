package dev.loomscope.hosts;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.loomscope.CancelPolicy;
import dev.loomscope.Limiter;
import dev.loomscope.MixedScope;
import dev.loomscope.ScopeConfig;
import dev.loomscope.Subtask;
import dev.loomscope.core.TaskKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * The program that {@link OpenTelemetryAgentTest} runs under the OpenTelemetry java agent. It knows nothing of OpenTelemetry.
 *
 * <p>Each request to {@code /parent/NAME} is traced by the agent. Its handler makes four calls to {@code /leaf}, in the way that
 * NAME says. The program prints one line per way: {@code RESULT}, the name, the trace id of the parent, and the trace ids that
 * reached the leaves.
 */
final class TracedCalls {

    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final int CALLS = 4;

    /** Makes the four calls of a traced request, and returns the trace ids that reached the leaves. */
    private interface Way {
        List<String> call() throws Exception;
    }

    private final HttpServer server;
    private final HttpClient client = HttpClient.newHttpClient();
    private final Map<String, Way> ways = new LinkedHashMap<>();

    private TracedCalls() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/leaf", exchange -> answer(exchange, traceId(exchange)));
        server.createContext("/parent/", this::callLeaves);
        ways.put("executor", this::byExecutor);
        ways.put("io", () -> inScope(ScopeConfig.defaults(), TaskKind.IO));
        ways.put("blocking", () -> inScope(ScopeConfig.defaults(), TaskKind.BLOCKING));
        ways.put("io-queued", () -> inScope(ScopeConfig.defaults().withMaxConcurrent(TaskKind.IO, 1), TaskKind.IO));
        ways.put("blocking-queued", () -> inScope(oneBlocking(), TaskKind.BLOCKING));
        ways.put("reused", () -> inScope(ScopeConfig.defaults().withReusedThreads(true), TaskKind.BLOCKING));
        ways.put("reused-queued", () -> inScope(oneBlocking().withReusedThreads(true), TaskKind.BLOCKING));
        ways.put("abandon", () -> inScope(abandoning(), TaskKind.BLOCKING));
        ways.put("then", this::byContinuations);
        ways.put("map", this::byMap);
        ways.put("nested", this::bySubtaskOfSubtask);
        ways.put("start", this::byStart);
        ways.put("daemon", this::byDaemons);
        ways.put("race", this::byRace);
    }

    private static ScopeConfig oneBlocking() {
        return ScopeConfig.defaults().withMaxConcurrent(TaskKind.BLOCKING, 1);
    }

    private static ScopeConfig abandoning() {
        return ScopeConfig.defaults().withBlockingCancelPolicy(CancelPolicy.ABANDON);
    }

    public static void main(String[] arguments) throws Exception {
        TracedCalls program = new TracedCalls();
        program.server.start();
        try {
            for (String way : program.ways.keySet()) {
                System.out.println("RESULT " + way + " " + program.get("/parent/" + way));
            }
            System.out.println("RESULT untraced-after-traced " + program.untracedAfterTraced());
        } finally {
            program.server.stop(0);
        }
    }

    private String get(String path) throws IOException, InterruptedException {
        URI uri =
                URI.create("http://localhost:%d%s".formatted(server.getAddress().getPort(), path));
        return client.send(HttpRequest.newBuilder(uri).timeout(LIMIT).build(), BodyHandlers.ofString())
                .body();
    }

    private String leaf() throws IOException, InterruptedException {
        return get("/leaf");
    }

    private void callLeaves(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        try {
            Way way = ways.get(path.substring("/parent/".length()));
            answer(exchange, traceId(exchange) + " " + String.join(" ", new TreeSet<>(way.call())));
        } catch (Throwable e) {
            answer(exchange, "failed " + e);
        }
    }

    private static void answer(HttpExchange exchange, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, bytes.length);
        try (exchange) {
            exchange.getResponseBody().write(bytes);
        }
    }

    // traceparent is VERSION-TRACE-SPAN-FLAGS
    private static String traceId(HttpExchange exchange) {
        String header = exchange.getRequestHeaders().getFirst("traceparent");
        return header == null ? "none" : header.split("-", -1)[1];
    }

    private List<String> byExecutor() throws Exception {
        List<String> seen = new ArrayList<>();
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<String>> futures = new ArrayList<>();
            for (int i = 0; i < CALLS; i++) {
                futures.add(executor.submit(this::leaf));
            }
            for (Future<String> future : futures) {
                seen.add(future.get());
            }
        }
        return seen;
    }

    private List<String> inScope(ScopeConfig config, TaskKind kind) throws Exception {
        try (var scope = MixedScope.<String>open(config)) {
            List<Subtask<String>> subtasks = new ArrayList<>();
            for (int i = 0; i < CALLS; i++) {
                subtasks.add(scope.fork(kind, () -> leaf()));
            }
            return results(scope, subtasks);
        }
    }

    private static List<String> results(MixedScope<String, ?> scope, List<Subtask<String>> subtasks) throws Exception {
        scope.join();
        return subtasks.stream().map(Subtask::get).toList();
    }

    private List<String> byContinuations() throws Exception {
        try (var scope = MixedScope.<String>open()) {
            List<Subtask<String>> subtasks = new ArrayList<>();
            Subtask<String> before = scope.fork(TaskKind.IO, () -> leaf());
            for (int i = 0; i < CALLS; i++) {
                before = before.then(earlier -> leaf());
                subtasks.add(before);
            }
            return results(scope, subtasks);
        }
    }

    private List<String> byMap() throws Exception {
        try (var scope = MixedScope.<String>open()) {
            List<String> seen = scope.map(TaskKind.IO, List.of(1, 2, 3, 4), item -> leaf());
            scope.join();
            return seen;
        }
    }

    private List<String> bySubtaskOfSubtask() throws Exception {
        try (var scope = MixedScope.<String>open()) {
            Subtask<String> outer = scope.fork(TaskKind.IO, () -> {
                List<Subtask<String>> inner = new ArrayList<>();
                for (int i = 0; i < CALLS; i++) {
                    inner.add(scope.fork(TaskKind.BLOCKING, () -> leaf()));
                }
                TreeSet<String> seen = new TreeSet<>();
                for (Subtask<String> subtask : inner) {
                    seen.add(subtask.await());
                }
                return String.join(" ", seen);
            });
            return results(scope, List.of(outer));
        }
    }

    private List<String> byStart() throws Exception {
        try (var scope = MixedScope.<String>open()) {
            String seen = scope.<String>start(TaskKind.IO, ready -> ready.started(leaf()))
                    .value();
            scope.join();
            return List.of(seen);
        }
    }

    private List<String> byDaemons() throws Exception {
        try (var scope = MixedScope.<String>open()) {
            CompletableFuture<String> seen = new CompletableFuture<>();
            scope.forkDaemon(TaskKind.IO, () -> seen.complete(leaf()));
            String traceId = seen.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
            scope.join();
            return List.of(traceId);
        }
    }

    private List<String> byRace() throws Exception {
        return List.of(MixedScope.race(() -> leaf(), () -> leaf()));
    }

    /**
     * An untraced thread forks a subtask that waits for a permit held by a traced one, and runs on that one's reused thread. Returns
     * the trace ids of both, in this order.
     */
    private String untracedAfterTraced() throws Exception {
        Limiter one = Limiter.of("one at a time", 1);
        ScopeConfig config = ScopeConfig.defaults().withReusedThreads(true).withLimiter(TaskKind.BLOCKING, one);
        CountDownLatch hasPermit = new CountDownLatch(1);
        CountDownLatch mayEnd = new CountDownLatch(1);
        ways.put("holding", () -> {
            try (var scope = MixedScope.<String>open(config)) {
                Subtask<String> holder = scope.fork(TaskKind.BLOCKING, () -> {
                    hasPermit.countDown();
                    await(mayEnd);
                    return leaf();
                });
                return results(scope, List.of(holder));
            }
        });
        try (var scope = MixedScope.<String>open(config)) {
            Subtask<String> traced = scope.fork(TaskKind.IO, () -> get("/parent/holding"));
            await(hasPermit);
            Subtask<String> untraced = scope.fork(TaskKind.BLOCKING, () -> leaf());
            mayEnd.countDown();
            scope.join();
            return traced.get() + " " + untraced.get();
        }
    }

    private static void await(CountDownLatch latch) throws InterruptedException {
        if (!latch.await(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
            throw new UncheckedIOException(new IOException("nothing opened the latch within " + LIMIT));
        }
    }
}
