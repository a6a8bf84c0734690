package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.channels.spi.SelectorProvider;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChannelProviderTest {

    @Test
    void aWorkerHasTheChannelsOfItsParentAndNoTraceOfThat() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1))) {
            List<String> seen = PoolRun.run(
                    pool,
                    () -> List.of(
                            SelectorProvider.provider().getClass().getName(),
                            System.getProperty("java.nio.channels.spi.SelectorProvider", "no property")));

            assertThat(seen)
                    .containsExactly(SelectorProvider.provider().getClass().getName(), "no property");
        }
    }

    @Test
    void theNameOfNoneChangesNothing() {
        ChannelProvider.use("");

        assertThat(System.getProperty("java.nio.channels.spi.SelectorProvider")).isNull();
        assertThat(ChannelProvider.ofThisJvm())
                .isEqualTo(SelectorProvider.provider().getClass().getName());
    }
}
