package dev.loomscope.demos.guide;

import static dev.loomscope.core.TaskKind.CPU;
import static dev.loomscope.core.TaskKind.IO;
import static dev.loomscope.demos.guide.Fakes.countPrimes;
import static dev.loomscope.demos.guide.Fakes.download;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.MixedScope;
import dev.loomscope.Subtask;
import dev.loomscope.core.CpuBackend;
import dev.loomscope.core.CpuExecution;
import dev.loomscope.core.CpuRequest;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

/** How code with scopes is tested. */
class TestingTest {

    @Test
    void latchesMakeAnOrder() throws Exception {
        // guide: test-latch
        CountDownLatch cacheIsEmpty = new CountDownLatch(1);
        try (var scope = MixedScope.<String>open()) {
            Subtask<String> reader = scope.fork(IO, () -> {
                cacheIsEmpty.await(); // the order under test, not a sleep that hopes for it
                return download("/orders");
            });
            scope.fork(IO, () -> cacheIsEmpty.countDown());
            scope.join();
            assertThat(reader.get()).isEqualTo("page /orders");
        }
        // end
    }

    // guide: test-backend
    /** Runs CPU tasks in this JVM: quick to start and easy to debug, but nothing is serialized, and nothing can be killed. */
    static final class SameProcess implements CpuBackend {
        @Override
        public <T> CpuExecution<T> prepare(CpuRequest<T> request) {
            FutureTask<T> future = new FutureTask<>(() -> {
                request.observer().onStarted("this JVM");
                return request.task().call();
            });
            return new CpuExecution<>() {
                @Override
                public T run() throws Throwable {
                    future.run();
                    try {
                        return future.get();
                    } catch (ExecutionException e) {
                        throw e.getCause();
                    }
                }

                @Override
                public void cancel(String reason) {
                    future.cancel(true);
                }
            };
        }
    }

    @Test
    void cpuTasksRunInTheTestsOwnProcess() throws Exception {
        try (var scope = MixedScope.<Long>open(c -> c.withCpuBackend(new SameProcess()))) {
            Subtask<Long> pid = scope.fork(CPU, () -> ProcessHandle.current().pid());
            Subtask<Long> primes = scope.fork(() -> countPrimes(100));
            scope.join();
            assertThat(pid.get()).isEqualTo(ProcessHandle.current().pid());
            assertThat(primes.get()).isEqualTo(25);
        }
    }
    // end
}
