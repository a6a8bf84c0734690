package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.core.TaskKind;
import dev.loomscope.event.ScopeEvent;
import dev.loomscope.event.ScopeEvent.OfSubtask;
import dev.loomscope.event.ScopeEvent.ScopeCancelled;
import dev.loomscope.event.ScopeEvent.ScopeClosed;
import dev.loomscope.event.ScopeEvent.ScopeOpened;
import dev.loomscope.event.ScopeEvent.SubtaskCancelled;
import dev.loomscope.event.ScopeEvent.SubtaskFinished;
import dev.loomscope.event.ScopeEvent.SubtaskForked;
import dev.loomscope.event.ScopeEvent.SubtaskQueued;
import dev.loomscope.event.ScopeEvent.SubtaskStarted;
import dev.loomscope.event.ScopeListener;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What listeners hear, in which order, and that none of them can break a scope. */
class ListenerTest {

    private final Queue<ScopeEvent> events = new ConcurrentLinkedQueue<>();

    private List<Class<?>> typesOf(String subtask) {
        return events.stream()
                .filter(event -> event instanceof OfSubtask of && of.subtask().equals(subtask))
                .<Class<?>>map(ScopeEvent::getClass)
                .toList();
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void hearsTheLifeOfASubtaskInOrder(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open(c -> c.withName("seen").withListener(events::add))) {
            scope.fork("life", kind, () -> 1);
            scope.join();
        }
        assertThat(events)
                .extracting(ScopeEvent::getClass)
                .containsExactly(
                        ScopeOpened.class,
                        SubtaskForked.class,
                        SubtaskStarted.class,
                        SubtaskFinished.class,
                        ScopeClosed.class);
        assertThat(events)
                .allMatch(event ->
                        event instanceof ScopeEvent.OfScope of && of.scope().equals("seen"));
        List<OfSubtask> life = events.stream()
                .filter(OfSubtask.class::isInstance)
                .map(OfSubtask.class::cast)
                .toList();
        assertThat(life).extracting(OfSubtask::kind).containsOnly(kind);
        assertThat(life.stream().map(OfSubtask::id).distinct()).hasSize(1);
        assertThat(life).isSortedAccordingTo((a, b) -> a.at().compareTo(b.at()));
        assertThat(((SubtaskStarted) life.get(1)).runner()).isNotBlank();
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void hearsOfAFailureWithTheException(TaskKind kind) {
        try (var scope = MixedScope.open(c -> c.withListener(events::add))) {
            scope.fork("breaks", kind, () -> {
                throw new IllegalStateException("broken");
            });
            assertThatThrownBy(scope::join).isInstanceOf(ScopeFailedException.class);
        }
        assertThat(events)
                .filteredOn(SubtaskFinished.class::isInstance)
                .singleElement()
                .satisfies(
                        event -> assertThat(((SubtaskFinished) event).failure()).hasMessage("broken"));
        assertThat(events).filteredOn(ScopeCancelled.class::isInstance).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void hearsOfACancelWithTheReason(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll(), c -> c.withListener(events::add))) {
            Subtask<Void> subtask = scope.fork("stopped", kind, () -> Patience.forever());
            Patience.until("it has started", () -> subtask.startedAt().isPresent());
            scope.cancel("enough");
            scope.fork("late", kind, () -> 1);
            scope.join();
        }
        assertThat(typesOf("stopped"))
                .containsExactly(SubtaskForked.class, SubtaskStarted.class, SubtaskCancelled.class);
        assertThat(typesOf("late")).containsExactly(SubtaskForked.class, SubtaskCancelled.class);
        assertThat(events)
                .filteredOn(SubtaskCancelled.class::isInstance)
                .extracting(event -> ((SubtaskCancelled) event).reason())
                .containsOnly("enough");
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void hearsThatASubtaskWaitsForAPermit(TaskKind kind) throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        try (var scope = MixedScope.open(c -> c.withMaxConcurrent(kind, 1).withListener(events::add))) {
            scope.fork("holder", kind, () -> Patience.await(release));
            scope.fork("waits", kind, () -> "done");
            release.countDown();
            scope.join();
        }
        assertThat(typesOf("holder")).doesNotContain(SubtaskQueued.class);
        assertThat(typesOf("waits"))
                .containsExactly(SubtaskForked.class, SubtaskQueued.class, SubtaskStarted.class, SubtaskFinished.class);
    }

    /** The order per subtask is promised whoever else forks, ends and cancels at the same time. */
    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void hearsEveryLifeInOrderAlsoUnderLoad(TaskKind kind) throws Exception {
        int all = kind == TaskKind.IO ? 20_000 : 2_000;
        try (var scope = MixedScope.open(
                Joiner.awaitAll(), c -> c.withMaxConcurrent(kind, 1).withListener(events::add))) {
            for (int i = 0; i < all; i++) {
                Subtask<Integer> subtask = scope.fork("n" + i, kind, () -> 1);
                if (i % 3 == 0) {
                    subtask.cancel();
                }
            }
            Thread canceller = Thread.ofPlatform().start(() -> scope.cancel());
            for (int i = 0; i < 1_000; i++) {
                scope.fork("late" + i, kind, () -> 1);
            }
            canceller.join();
            scope.join();
        }
        Map<Long, String> lives = events.stream()
                .filter(OfSubtask.class::isInstance)
                .map(OfSubtask.class::cast)
                .collect(Collectors.groupingBy(
                        OfSubtask::id,
                        Collectors.mapping(
                                event -> event.getClass().getSimpleName().replace("Subtask", ""),
                                Collectors.joining(" "))));
        assertThat(lives).hasSize(all + 1_000);
        String inOrder = "Forked( Queued)?( Started)? (Finished|Cancelled)";
        assertThat(lives.values().stream().distinct().filter(life -> !life.matches(inOrder)))
                .as("lives out of order")
                .isEmpty();
    }

    @Test
    void thatCancelsTheScopeAtAForkLeavesTheOrderToTheOthers() throws Exception {
        AtomicReference<MixedScope<Object, Void>> cancelled = new AtomicReference<>();
        ScopeListener strict = event -> {
            if (event instanceof SubtaskForked) {
                cancelled.get().cancel("no forks here");
            }
        };
        try (var scope = MixedScope.<Object, Void>open(
                Joiner.awaitAll(), c -> c.withListener(strict).withListener(events::add))) {
            cancelled.set(scope);
            scope.fork("refused", () -> "ran");
            scope.join();
        }
        assertThat(typesOf("refused")).containsExactly(SubtaskForked.class, SubtaskCancelled.class);
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void thatThrowsBreaksNothingAndIsNotCalledAgain(TaskKind kind) throws Exception {
        AtomicInteger calls = new AtomicInteger();
        ScopeListener broken = event -> {
            calls.incrementAndGet();
            throw new AssertionError("broken listener, logged once");
        };
        Subtask<Integer> subtask;
        try (var scope = MixedScope.open(c -> c.withListener(broken).withListener(events::add))) {
            subtask = scope.fork("unharmed", kind, () -> 1);
            scope.join();
            assertThat(subtask.get()).isEqualTo(1);
        }
        assertThat(calls).hasValue(1);
        assertThat(typesOf("unharmed"))
                .containsExactly(SubtaskForked.class, SubtaskStarted.class, SubtaskFinished.class);
    }

    @Test
    void canSeeTheFinalStateWhenItHearsOfTheEnd() throws Exception {
        AtomicReference<Subtask<String>> subtask = new AtomicReference<>();
        CountDownLatch assigned = new CountDownLatch(1);
        Queue<Subtask.State> states = new ConcurrentLinkedQueue<>();
        ScopeListener listener = event -> {
            if (event instanceof SubtaskFinished) {
                states.add(subtask.get().state());
            }
        };
        try (var scope = MixedScope.open(c -> c.withListener(listener))) {
            subtask.set(scope.fork(() -> {
                Patience.await(assigned);
                return "done";
            }));
            assigned.countDown();
            scope.join();
        }
        assertThat(states).containsExactly(Subtask.State.SUCCESS);
    }

    /** The line of a subtask that is cancelled while it gets in line: forked, queued, cancelled, and nothing after that. */
    @Test
    void theEventsOfASubtaskKeepTheirOrderWhateverCancelsIt() throws Exception {
        for (int round = 0; round < 300; round++) {
            Map<Long, List<String>> trail = new ConcurrentHashMap<>();
            ScopeListener listener = event -> {
                if (event instanceof ScopeEvent.OfSubtask of) {
                    trail.computeIfAbsent(of.id(), id -> Collections.synchronizedList(new ArrayList<>()))
                            .add(event.getClass().getSimpleName());
                }
            };
            try (var scope = MixedScope.open(
                    Joiner.awaitAll(), c -> c.withListener(listener).withMaxConcurrent(TaskKind.IO, 1))) {
                CountDownLatch go = new CountDownLatch(1);
                Subtask<Integer> first = scope.fork(TaskKind.IO, () -> {
                    Patience.await(go);
                    return 1;
                });
                List<Subtask<Integer>> next = IntStream.range(0, 4)
                        .mapToObj(i -> first.then(n -> n + 1))
                        .toList();
                Thread canceller = Thread.ofPlatform().start(() -> {
                    go.countDown();
                    next.forEach(Subtask::cancel);
                });
                scope.join();
                canceller.join();
            }
            assertThat(trail.values())
                    .allSatisfy(events -> assertThat(String.join(" ", events))
                            .matches("SubtaskForked( SubtaskQueued)?( SubtaskStarted)?"
                                    + " (SubtaskFinished|SubtaskCancelled)"));
        }
    }
}
