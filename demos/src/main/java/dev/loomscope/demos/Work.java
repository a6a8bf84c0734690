package dev.loomscope.demos;

import dev.loomscope.core.Blocking;
import dev.loomscope.core.Cpu;
import dev.loomscope.core.Io;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** Four functions of mixed needs. Each says where it runs, at the place where one knows: where it is implemented. */
final class Work {

    private Work() {}

    /** Computes for a while: the end of a chain of {@code n} mixed 64-bit numbers, each made from the one before. */
    @Cpu
    static long computeSome(int n) {
        long x = 42;
        for (int i = 0; i < n; i++) {
            x += 0x9E3779B97F4A7C15L; // splitmix64
            x = (x ^ (x >>> 30)) * 0xBF58476D1CE4E5B9L;
            x = (x ^ (x >>> 27)) * 0x94D049BB133111EBL;
            x ^= x >>> 31;
        }
        return x;
    }

    /** Downloads a page with a client that gives its virtual thread away while it waits, and returns the page's size. */
    @Io
    static long downloadSome(URI page) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(page).build();
        HttpResponse<byte[]> response = Modern.CLIENT.send(request, HttpResponse.BodyHandlers.ofByteArray());
        return requireOk(page, response.statusCode(), response.body().length);
    }

    /** Downloads a page with a client that holds on to its thread, and returns the page's size. */
    @Blocking
    static long downloadSomeMore(URI page) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) page.toURL().openConnection();
        int status = connection.getResponseCode();
        if (status >= 400) {
            return requireOk(page, status, 0);
        }
        try (InputStream body = connection.getInputStream()) {
            return requireOk(page, status, body.readAllBytes().length);
        }
    }

    /** Waits {@code times} times for a millisecond, as polling code does, and returns how often it did. */
    @Io
    static long waitSome(int times) throws InterruptedException {
        long waited = 0;
        while (waited < times) {
            Thread.sleep(1);
            waited++;
        }
        return waited;
    }

    /** Lets go of what {@link #downloadSome} has made: its thread would hold up the exit of the program. */
    static void close() {
        Modern.CLIENT.close();
    }

    private static long requireOk(URI page, int status, long size) throws IOException {
        if (status != HttpURLConnection.HTTP_OK) {
            throw new IOException("%s answered with status %d".formatted(page, status));
        }
        return size;
    }

    /** Made when the first page is asked for: workers, which only compute, never make one. */
    private static final class Modern {
        static final HttpClient CLIENT = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NORMAL)
                .build();
    }
}
