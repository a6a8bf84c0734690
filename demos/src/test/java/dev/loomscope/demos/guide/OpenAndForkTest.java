package dev.loomscope.demos.guide;

import static dev.loomscope.core.TaskKind.BLOCKING;
import static dev.loomscope.core.TaskKind.CPU;
import static dev.loomscope.core.TaskKind.IO;
import static dev.loomscope.demos.guide.Fakes.countPrimes;
import static dev.loomscope.demos.guide.Fakes.countRows;
import static dev.loomscope.demos.guide.Fakes.download;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.MixedScope;
import dev.loomscope.Subtask;
import dev.loomscope.core.AmbiguousTaskKindException;
import dev.loomscope.core.TaskNotSerializableException;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;

/** Opening a scope, the forms of fork, and who says where a task runs. */
class OpenAndForkTest {

    @Test
    void opens() throws Exception {
        // guide: open
        try (var scope = MixedScope.open()) {
            Subtask<String> page = scope.fork(IO, () -> download("/orders")); // on a virtual thread
            Subtask<Integer> rows = scope.fork(BLOCKING, () -> countRows("orders")); // on a platform thread
            Subtask<Long> primes = scope.fork(CPU, () -> countPrimes(10_000)); // in a worker JVM
            scope.join(); // all have ended
            assertThat(page.get()).isEqualTo("page /orders");
            assertThat(rows.get()).isEqualTo(6);
            assertThat(primes.get()).isEqualTo(1_229);
        }
        // end
    }

    @Test
    void isConfigured() throws Exception {
        // guide: configure
        try (var scope = MixedScope.<String>open(
                c -> c.withName("checkout").withTimeout(ofSeconds(30)).withMaxConcurrent(BLOCKING, 8))) {
            Subtask<String> stock = scope.fork("stock", IO, () -> download("/stock"));
            scope.join();
            assertThat(scope.name()).isEqualTo("checkout"); // in logs, messages and thread dumps
            assertThat(stock.name()).isEqualTo("stock");
        }
        // end
    }

    @Test
    void hasManyForms() throws Exception {
        // guide: fork-forms
        LongAdder visits = new LongAdder();
        try (var scope = MixedScope.open()) {
            scope.fork(() -> download("/a")); // a task; its code says where it runs
            scope.fork(IO, () -> download("/b")); // the caller says where
            scope.fork(Fakes::download, "/c"); // a function and its argument
            scope.fork("stock", IO, Fakes::download, "/d"); // with a name
            scope.fork(() -> visits.increment()); // an action: no result
            scope.join();
        }
        assertThat(visits.sum()).isEqualTo(1);
        // end
    }

    @Test
    void theCodeSaysWhereItRuns() throws Exception {
        // guide: classification
        try (var scope = MixedScope.open()) {
            Subtask<String> page = scope.fork(Fakes::download, "/orders"); // the method that is named
            Subtask<Long> primes = scope.fork(() -> countPrimes(100)); // the one annotated method that is called
            Subtask<Integer> rows = scope.fork(IO, () -> countRows("orders")); // the caller overrules it
            Subtask<String> plain = scope.fork(() -> "done"); // nobody says anything
            scope.join();
            assertThat(page.kind()).isEqualTo(IO);
            assertThat(primes.kind()).isEqualTo(CPU);
            assertThat(rows.kind()).isEqualTo(IO);
            assertThat(plain.kind()).isEqualTo(IO);
        }
        // end
    }

    @Test
    void blockingTasksMayShareTheirThreads() throws Exception {
        // guide: reused-threads
        try (var scope = MixedScope.<Integer>open(c -> c.withReusedThreads(true))) {
            Subtask<Integer> orders = scope.fork(BLOCKING, () -> countRows("orders"));
            Subtask<Integer> users = scope.fork(BLOCKING, () -> countRows("users"));
            scope.join();
            assertThat(orders.get() + users.get()).isEqualTo(11);
        }
        // end
    }

    @Test
    void twoKindsAtOnceAreAnError() {
        // guide: ambiguous
        try (var scope = MixedScope.open()) {
            assertThatThrownBy(() -> scope.fork(() -> download("/orders") + countPrimes(100)))
                    .isInstanceOf(AmbiguousTaskKindException.class);
        }
        // end
    }

    @Test
    void whatCannotBeSentIsAnErrorInFork() {
        // guide: not-serializable
        Object lock = new Object();
        try (var scope = MixedScope.open()) {
            assertThatThrownBy(() -> scope.fork(CPU, () -> lock.hashCode()))
                    .isInstanceOf(TaskNotSerializableException.class);
        }
        // end
    }
}
