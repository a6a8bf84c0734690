package dev.loomscope.demos.guide;

import static dev.loomscope.core.TaskKind.IO;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.MixedScope;
import dev.loomscope.ScopeFailedException;
import dev.loomscope.Subtask;
import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;

/** The lambda form beside the try form. */
class CallFormTest {

    @Test
    void callJoinsByItself() throws Exception {
        // guide: call
        String both = MixedScope.call(scope -> {
            Subtask<String> orders = scope.fork(Fakes::download, "/orders");
            Subtask<String> stock = scope.fork(Fakes::download, "/stock");
            return orders.await() + ", " + stock.await();
        }); // joined and closed
        assertThat(both).isEqualTo("page /orders, page /stock");
        // end
    }

    @Test
    void callInterruptsItsBody() {
        // guide: call-interrupts
        BlockingQueue<String> queue = new LinkedBlockingQueue<>();
        assertThatThrownBy(() -> MixedScope.call(scope -> {
                    scope.fork("producer", IO, () -> {
                        throw new IOException("connection reset");
                    });
                    return queue.take(); // a blocking call that knows nothing of scopes
                }))
                .isInstanceOf(ScopeFailedException.class)
                .hasCauseInstanceOf(IOException.class);
        // end
    }
}
