package dev.loomscope.demos;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MixedWorkTest {

    private static final String[] SMALL = {"--compute-ms", "30", "--sleeps", "40", "--latency-ms", "20"};
    private static final String RESULT = "RESULT serial=\\d+ virtual=\\d+ mixed_cold=\\d+ mixed_warm=\\d+ floor=\\d+";

    private static DemoProcess small;

    @TempDir
    Path temp;

    @BeforeAll
    static void runSmall(@TempDir Path shared) throws Exception {
        small = DemoProcess.run(MixedWork.class, shared, SMALL).succeeded();
    }

    @Test
    void endsWithOneLineForMachines() {
        assertThat(small.lastLine()).matches(RESULT);
        assertThat(small.out()).filteredOn(line -> line.startsWith("RESULT")).hasSize(1);
    }

    @Test
    void drawsALaneForEachThreadAndWorkerOfElevenTasks() {
        assertThat(small.out())
                .filteredOn(line -> line.matches("  IO .*\\[.*\\]"))
                .hasSize(6);
        assertThat(small.out())
                .filteredOn(line -> line.matches("  BLOCKING .*\\[.*\\]"))
                .hasSize(2);
        assertThat(small.out()).anyMatch(line -> line.matches("  CPU +w\\d+ \\(pid \\d+\\) .*\\[.*\\]"));
    }

    @Test
    void fitsIntoAHundredColumns() {
        assertThat(small.out()).allMatch(line -> line.length() <= 100);
    }

    @Test
    void downloadsFromAnotherSiteIfAsked() throws Exception {
        Path document = Files.writeString(temp.resolve("page.txt"), "a page");
        try (PageServer site = PageServer.start(document, Duration.ofMillis(5))) {
            DemoProcess demo = DemoProcess.run(
                    MixedWork.class, temp, "--url", site.page().toString(), "--compute-ms", "10", "--sleeps", "5");

            assertThat(demo.succeeded().out())
                    .anyMatch(line -> line.contains(site.page().toString()));
        }
    }

    @Test
    void failsWithTheStatusOfAPageThatIsNotThere() throws Exception {
        Path document = Files.writeString(temp.resolve("page.txt"), "a page");
        try (PageServer site = PageServer.start(document, Duration.ofMillis(5))) {
            URI missing = site.page().resolve("/missing");
            DemoProcess demo = DemoProcess.run(MixedWork.class, temp, "--url", missing.toString());

            assertThat(demo.exitCode()).isEqualTo(1);
            assertThat(demo.err()).anyMatch(line -> line.contains(missing + " answered with status 404"));
        }
    }

    @Test
    void saysWhichOptionsThereAre() throws Exception {
        DemoProcess demo = DemoProcess.run(MixedWork.class, temp, "--sleep", "5");

        assertThat(demo.exitCode()).isEqualTo(2);
        assertThat(demo.err()).singleElement().asString().contains("'--sleep'", "--sleeps VALUE", "--url VALUE");
    }
}
