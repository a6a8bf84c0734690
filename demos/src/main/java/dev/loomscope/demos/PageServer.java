package dev.loomscope.demos;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Serves one document over HTTP on the loopback interface, each time after the same latency, as a site far away would. */
final class PageServer implements AutoCloseable {

    static {
        // The server writes header and body apart; Nagle's algorithm would hold the second back for 40 ms.
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    private final HttpServer server;
    private final ScheduledExecutorService answers;
    private final String name;

    private PageServer(HttpServer server, ScheduledExecutorService answers, String name) {
        this.server = server;
        this.answers = answers;
        this.name = name;
    }

    /** Starts a server for {@code document}, on a free port. */
    static PageServer start(Path document, Duration latency) throws IOException {
        byte[] body = Files.readAllBytes(document);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        ScheduledExecutorService answers = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("page-server-answers").factory());
        String name = document.getFileName().toString();
        // The latency holds no thread: the handler returns at once, and the answer is sent when its time has come.
        server.createContext(
                "/" + name,
                exchange -> answers.schedule(() -> answer(exchange, body), latency.toMillis(), TimeUnit.MILLISECONDS));
        server.start();
        return new PageServer(server, answers, name);
    }

    /** The address of the document. */
    URI page() {
        InetSocketAddress address = server.getAddress();
        return URI.create("http://%s:%d/%s".formatted(address.getAddress().getHostAddress(), address.getPort(), name));
    }

    @Override
    public void close() {
        server.stop(0);
        answers.shutdownNow();
    }

    private static void answer(HttpExchange exchange, byte[] body) {
        try (exchange) {
            exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
