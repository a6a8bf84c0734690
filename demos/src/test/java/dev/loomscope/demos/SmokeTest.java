package dev.loomscope.demos;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SmokeTest {

    @TempDir
    Path temp;

    @Test
    void endsWithTheVersionThatItRanOn() throws Exception {
        DemoProcess demo = DemoProcess.run(Smoke.class, temp).succeeded();

        assertThat(demo.lastLine()).isEqualTo("SMOKE OK jdk=" + Runtime.version());
        assertThat(demo.out()).hasSize(4);
    }
}
