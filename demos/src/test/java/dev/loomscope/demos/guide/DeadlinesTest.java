package dev.loomscope.demos.guide;

import static dev.loomscope.core.TaskKind.IO;
import static dev.loomscope.demos.guide.Fakes.download;
import static dev.loomscope.demos.guide.Fakes.never;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.Deadline;
import dev.loomscope.DeadlineExceededException;
import dev.loomscope.MixedScope;
import dev.loomscope.Subtask;
import dev.loomscope.Subtask.State;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Points in time by which work has to end. */
class DeadlinesTest {

    @Test
    void aTimeoutCancelsTheScope() {
        // guide: timeout
        try (var scope = MixedScope.<String>open(c -> c.withTimeout(ofMillis(100)))) {
            Subtask<String> slow = scope.fork("slow", IO, () -> never());
            assertThatThrownBy(scope::join).isInstanceOfSatisfying(DeadlineExceededException.class, e -> {
                assertThat(e.unfinished()).singleElement().satisfies(unfinished -> {
                    assertThat(unfinished.subtask()).isSameAs(slow);
                    assertThat(unfinished.ran()).isLessThan(ofMinutes(1));
                });
            });
            assertThat(slow.state()).isEqualTo(State.CANCELLED);
        }
        // end
    }

    // guide: deadline-handed-down
    static String orderWithStock(Deadline deadline) throws Exception {
        try (var scope = MixedScope.<String>open(c -> c.withDeadline(deadline))) {
            Subtask<String> order = scope.fork(Fakes::download, "/order");
            Subtask<String> stock = scope.fork(Fakes::download, "/stock");
            scope.join();
            return order.get() + ", " + stock.get();
        }
    }

    @Test
    void oneDeadlineServesManyCalls() throws Exception {
        Deadline deadline = Deadline.after(ofSeconds(30)); // a point in time: no call gets 30 seconds of its own
        assertThat(orderWithStock(deadline)).isEqualTo("page /order, page /stock");
        assertThat(orderWithStock(deadline)).isEqualTo("page /order, page /stock");
        assertThat(deadline.remaining()).isLessThan(ofSeconds(30)); // for clients with timeouts of their own
    }
    // end

    @Test
    void aDeadlineCanBeMoved() {
        // guide: move-deadline
        try (var scope = MixedScope.<String>open(c -> c.withTimeout(ofMinutes(5)))) {
            scope.fork(IO, () -> never());
            scope.moveDeadline(Deadline.after(ofMillis(50))); // sooner, or later, as long as it has not passed
            assertThatThrownBy(scope::join).isInstanceOf(DeadlineExceededException.class);
        }
        // end
    }

    @Test
    void failAfterFails() throws Exception {
        // guide: fail-after
        String page = MixedScope.failAfter(
                ofSeconds(30), scope -> scope.fork(Fakes::download, "/orders").await());
        assertThat(page).isEqualTo("page /orders");
        assertThatThrownBy(() -> MixedScope.failAfter(ofMillis(50), scope -> scope.fork(IO, () -> never())))
                .isInstanceOf(DeadlineExceededException.class);
        // end
    }

    @Test
    void moveOnAfterMovesOn() throws Exception {
        // guide: move-on-after
        Optional<Subtask<String>> review =
                MixedScope.moveOnAfter(ofSeconds(30), scope -> scope.fork(Fakes::download, "/review"));
        Optional<Subtask<String>> advert = MixedScope.moveOnAfter(ofMillis(50), scope -> scope.fork(IO, () -> never()));
        assertThat(review.map(Subtask::get)).contains("page /review");
        assertThat(advert).isEmpty(); // no exception; what was running has ended
        // end
    }

    @Test
    void theEarliestDeadlineCounts() throws Exception {
        // guide: deadlines-nest
        try (var outer = MixedScope.<String>open(c -> c.withTimeout(ofSeconds(30)))) {
            outer.fork(IO, () -> {
                try (var inner = MixedScope.<String>open(c -> c.withTimeout(ofMinutes(5)))) {
                    assertThat(inner.deadline()).isEqualTo(outer.deadline()); // the scope around is earlier
                    Subtask<String> page = inner.fork(() -> download("/orders"));
                    inner.join();
                    return page.get();
                }
            });
            outer.join();
        }
        // end
    }

    @Test
    void theScopeWhoseDeadlinePassedSaysSo() {
        // guide: deadline-outer
        try (var outer = MixedScope.open(c -> c.withName("outer").withTimeout(ofMillis(50)))) {
            Subtask<?> part = outer.fork(IO, () -> {
                return MixedScope.failAfter(ofMinutes(5), inside -> inside.fork(IO, () -> never()));
            });
            assertThatThrownBy(outer::join)
                    .isInstanceOf(DeadlineExceededException.class)
                    .hasMessageContaining("the deadline of scope 'outer' has passed");
            assertThat(part.state()).isEqualTo(State.CANCELLED); // no timeout of its own
        }
        // end
    }
}
