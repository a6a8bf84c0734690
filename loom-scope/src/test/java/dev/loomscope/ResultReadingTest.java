package dev.loomscope;

import static dev.loomscope.core.TaskKind.CPU;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.loomscope.Subtask.State;
import dev.loomscope.core.CurrentTask;
import dev.loomscope.process.ProcessPool;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.Serial;
import java.io.Serializable;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Results that have come, and that are read for ever. */
class ResultReadingTest {

    private static final CountDownLatch reading = new CountDownLatch(1);
    private static volatile boolean released;

    private static final class Endless implements Serializable {

        @Serial
        private static final long serialVersionUID = 1L;

        @Serial
        private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
            in.defaultReadObject();
            reading.countDown();
            while (!released && CurrentTask.current() == null) {
                Thread.yield();
            }
        }
    }

    @Test
    void aDeadlineEndsAScopeWhoseResultIsReadForEver() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1))) {
            try (var scope = MixedScope.open(c -> c.withCpuBackend(pool))) {
                Subtask<Endless> endless = scope.fork(CPU, Endless::new);
                reading.await();
                scope.moveDeadline(Deadline.after(Duration.ZERO));

                assertThat(catchThrowableOfType(DeadlineExceededException.class, scope::join))
                        .as("what join threw")
                        .isNotNull();
                assertThat(endless.state()).isEqualTo(State.CANCELLED);
            }
        } finally {
            released = true;
        }
    }
}
