package dev.loomscope.demos.guide;

import static dev.loomscope.core.TaskKind.BLOCKING;
import static dev.loomscope.core.TaskKind.IO;
import static dev.loomscope.demos.guide.Fakes.countRows;
import static dev.loomscope.demos.guide.Fakes.download;
import static dev.loomscope.demos.guide.Fakes.never;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.MixedScope;
import dev.loomscope.ScopeFailedException;
import dev.loomscope.Subtask;
import dev.loomscope.event.ScopeEvent.SubtaskForked;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** One function, many items. */
class ManyItemsTest {

    @Test
    void mapKeepsTheOrderOfTheItems() throws Exception {
        // guide: map
        try (var scope = MixedScope.open()) {
            List<String> pages = scope.map(List.of("/a", "/b", "/c"), Fakes::download);
            assertThat(pages).containsExactly("page /a", "page /b", "page /c");
        }
        // end
    }

    @Test
    void mapHasABound() throws Exception {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        List<String> tables = IntStream.range(0, 100).mapToObj("table"::repeat).toList();
        // guide: map-bound
        try (var scope = MixedScope.open()) {
            List<Integer> rows = scope.map(
                    BLOCKING,
                    2,
                    tables,
                    table -> { // never more than 2 at once
                        most.accumulateAndGet(running.incrementAndGet(), Math::max);
                        try {
                            return countRows(table);
                        } finally {
                            running.decrementAndGet();
                        }
                    });
            assertThat(rows).hasSize(100);
            assertThat(most.get()).isBetween(1, 2);
        }
        // end
    }

    @Test
    void forEachTakesAnItemOnlyWhenThereIsRoom() throws Exception {
        // guide: back-pressure
        AtomicInteger taken = new AtomicInteger();
        AtomicInteger done = new AtomicInteger();
        AtomicInteger mostAhead = new AtomicInteger();
        Iterable<Integer> numbers = () -> IntStream.range(0, 10_000) // read on the calling thread, as it goes
                .peek(n -> mostAhead.accumulateAndGet(taken.incrementAndGet() - done.get(), Math::max))
                .iterator();
        try (var scope = MixedScope.open()) {
            scope.forEach(IO, 4, numbers, n -> done.incrementAndGet());
        }
        assertThat(done).hasValue(10_000);
        assertThat(mostAhead.get()).isLessThanOrEqualTo(4 + 2); // those in work, the next, one in the iterator
        // end
    }

    @Test
    void cpuItemsTravelInChunks() throws Exception {
        // guide: map-cpu
        AtomicInteger subtasks = new AtomicInteger();
        List<Integer> limits = IntStream.range(0, 5_000).boxed().toList();
        try (var scope = MixedScope.open(c -> c.withListener(event -> {
            if (event instanceof SubtaskForked) {
                subtasks.incrementAndGet();
            }
        }))) {
            List<Long> primes = scope.map(limits, Fakes::countPrimes); // @Cpu: in workers
            assertThat(primes.get(4_999)).isEqualTo(668);
        }
        assertThat(subtasks.get()).isLessThan(2_500); // some 20 ms of items to a chunk
        // end
    }

    @Test
    void aFailureSaysWhichItem() throws Exception {
        // guide: map-failed
        try (var scope = MixedScope.<String>open()) {
            Subtask<String> other = scope.fork(Fakes::download, "/stock");
            assertThatThrownBy(() -> scope.map(IO, List.of("/a", "", "/c"), path -> {
                        if (path.isEmpty()) {
                            throw new IOException("no path");
                        }
                        return download(path);
                    }))
                    .isInstanceOf(ScopeFailedException.class)
                    .hasMessageContaining("'item 1'");
            scope.join(); // the scope around is not cancelled by it
            assertThat(other.get()).isEqualTo("page /stock");
        }
        // end
    }

    @Test
    void raceTakesTheFirstSuccess() throws Exception {
        // guide: race
        String page = MixedScope.<String>race(
                () -> never(), // a mirror that hangs: cancelled, and ended when race returns
                () -> {
                    throw new IOException("a mirror that is down");
                },
                () -> download("/mirror-3"));
        assertThat(page).isEqualTo("page /mirror-3");
        // end
    }
}
