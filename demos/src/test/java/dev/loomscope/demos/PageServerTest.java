package dev.loomscope.demos;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageServerTest {

    @TempDir
    Path temp;

    @Test
    void servesTheDocumentAfterTheLatency() throws Exception {
        Path document = Files.writeString(temp.resolve("page.txt"), "a page");
        try (PageServer server = PageServer.start(document, Duration.ofMillis(100))) {
            long start = System.nanoTime();

            assertThat(Work.downloadSome(server.page())).isEqualTo(6);
            assertThat(Work.downloadSomeMore(server.page())).isEqualTo(6);

            assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Duration.ofMillis(200));
        }
    }

    @Test
    void doesNotLetOneRequestWaitForAnother() throws Exception {
        Path document = Files.writeString(temp.resolve("page.txt"), "a page");
        int requests = 20;
        Duration latency = Duration.ofMillis(500);
        try (PageServer server = PageServer.start(document, latency);
                var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            long start = System.nanoTime();
            executor.invokeAll(Collections.nCopies(requests, () -> Work.downloadSome(server.page())))
                    .forEach(download -> assertThat(download.resultNow()).isEqualTo(6L));

            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(latency.multipliedBy(requests / 2));
        }
    }
}
