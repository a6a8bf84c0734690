package dev.loomscope.demos.guide;

import static dev.loomscope.core.TaskKind.IO;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.MixedScope;
import dev.loomscope.ResourceCloseException;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** What a scope closes. */
class ResourcesTest {

    @Test
    void areClosedAfterTheLastSubtask() throws Exception {
        // guide: register
        List<String> trail = new CopyOnWriteArrayList<>();
        try (var scope = MixedScope.open()) {
            scope.register(() -> trail.add("pool closed")); // any AutoCloseable; it is returned as it is
            scope.fork(IO, () -> {
                scope.register(() -> trail.add("connection closed")); // by a subtask
                trail.add("used");
            });
            scope.join();
        }
        assertThat(trail).containsExactly("used", "connection closed", "pool closed"); // the last one first
        // end
    }

    @Test
    void aProblemOfClosingIsNotLost() {
        // guide: register-failed
        assertThatThrownBy(() -> {
                    try (var scope = MixedScope.open()) {
                        scope.register(() -> {
                            throw new IOException("disk full");
                        });
                    }
                })
                .isInstanceOf(ResourceCloseException.class)
                .hasRootCauseMessage("disk full");
        // end
    }
}
