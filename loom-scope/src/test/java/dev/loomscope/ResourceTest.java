package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import dev.loomscope.event.ScopeEvent;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Registered resources are closed with the scope, last in first out, after the last subtask. */
class ResourceTest {

    private final Queue<String> closed = new ConcurrentLinkedQueue<>();

    private AutoCloseable resource(String name) {
        return () -> closed.add(name);
    }

    private static AutoCloseable broken(Exception problem) {
        return () -> {
            throw problem;
        };
    }

    @Test
    void areClosedLastInFirstOut() throws Exception {
        try (var scope = MixedScope.open()) {
            for (String name : List.of("a", "b", "c")) {
                scope.register(resource(name));
            }
            scope.join();
            assertThat(closed).isEmpty();
        }
        assertThat(closed).containsExactly("c", "b", "a");
    }

    @Test
    void registerReturnsItsArgument() {
        try (var scope = MixedScope.open()) {
            AutoCloseable resource = resource("same");
            assertThat(scope.register(resource)).isSameAs(resource);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void areClosedAfterTheLastSubtaskAlsoWithoutAJoin(TaskKind kind) {
        MixedScope<Object, Void> scope = MixedScope.open();
        scope.register(resource("resource"));
        Subtask<Void> subtask = scope.fork(kind, () -> {
            try {
                return Patience.forever();
            } finally {
                closed.add("end of the subtask");
            }
        });
        Patience.until("it has started", () -> subtask.startedAt().isPresent());
        assertThatThrownBy(scope::close).isInstanceOf(IllegalStateException.class);
        assertThat(closed).containsExactly("end of the subtask", "resource");
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void mayBeRegisteredBySubtasks(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open()) {
            scope.fork(kind, () -> scope.register(resource("of a subtask")));
            scope.join();
        }
        assertThat(closed).containsExactly("of a subtask");
    }

    @Test
    void areClosedAlsoAfterAFailureAndACancel() {
        try (var scope = MixedScope.open()) {
            scope.register(resource("after a failure"));
            scope.fork(() -> {
                throw new IllegalStateException("failure");
            });
            assertThatThrownBy(scope::join).isInstanceOf(ScopeFailedException.class);
        }
        try (var scope = MixedScope.open()) {
            scope.register(resource("after a cancel"));
            scope.cancel();
        }
        assertThat(closed).containsExactly("after a failure", "after a cancel");
    }

    @Test
    void thatCannotBeClosedMakeCloseThrowAndTheOthersAreClosed() {
        Exception first = new Exception("first");
        Exception second = new Exception("second");
        MixedScope<Object, Void> scope = MixedScope.open();
        scope.register(resource("bottom"));
        scope.register(broken(second));
        scope.register(resource("middle"));
        scope.register(broken(first));
        assertThatThrownBy(scope::close)
                .isInstanceOf(ResourceCloseException.class)
                .hasCause(first)
                .hasMessageContaining(scope.name())
                .satisfies(thrown -> assertThat(thrown.getSuppressed()).containsExactly(second));
        assertThat(closed).containsExactly("middle", "bottom");
    }

    @Test
    void thatCannotBeClosedAfterAFailureAreSuppressedOnIt() {
        Exception problem = new Exception("cannot close");
        assertThatThrownBy(() -> {
                    try (var scope = MixedScope.open()) {
                        scope.register(broken(problem));
                        scope.fork(() -> {
                            throw new IllegalStateException("failure");
                        });
                        scope.join();
                    }
                })
                .isInstanceOf(ScopeFailedException.class)
                .satisfies(thrown -> assertThat(thrown.getSuppressed())
                        .singleElement()
                        .satisfies(suppressed -> assertThat(suppressed).hasRootCause(problem)));
    }

    /** Two things went wrong, and the forgotten join is the one to repair first: neither may hide the other. */
    @Test
    void thatCannotBeClosedDoNotHideAForgottenJoin() {
        Exception problem = new Exception("cannot close");
        MixedScope<Object, Void> scope = MixedScope.open();
        scope.register(broken(problem));
        scope.fork(() -> "unjoined");
        assertThatThrownBy(scope::close)
                .isInstanceOf(IllegalStateException.class)
                .satisfies(thrown -> assertThat(thrown.getSuppressed())
                        .singleElement()
                        .satisfies(suppressed -> assertThat(suppressed).hasRootCause(problem)));
    }

    @Test
    void thatCannotBeClosedDoNotHideTheEndOfTheScopeFromListeners() {
        Queue<ScopeEvent> events = new ConcurrentLinkedQueue<>();
        MixedScope<Object, Void> scope = MixedScope.open(c -> c.withListener(events::add));
        scope.register(broken(new Exception("cannot close")));
        assertThatThrownBy(scope::close).isInstanceOf(ResourceCloseException.class);
        assertThat(events).last().isInstanceOf(ScopeEvent.ScopeClosed.class);
    }

    @Test
    void ofAnUnjoinedScopeAreClosedWhileTheFailureIsInFlight() {
        CountDownLatch started = new CountDownLatch(1);
        AtomicReference<Subtask<Void>> subtask = new AtomicReference<>();
        IllegalArgumentException own = new IllegalArgumentException("of the body");
        assertThatThrownBy(() -> {
                    try (var scope = MixedScope.open()) {
                        scope.register(resource("bottom"));
                        subtask.set(scope.fork(() -> {
                            started.countDown();
                            return Patience.forever();
                        }));
                        Patience.await(started);
                        throw own;
                    }
                })
                .isSameAs(own);
        assertThat(closed).containsExactly("bottom");
        assertThat(subtask.get().state()).isEqualTo(State.CANCELLED);
    }

    @Test
    void areRefusedAfterCloseAndLeftOpen() {
        MixedScope<Object, Void> scope = MixedScope.open();
        scope.close();
        assertThatThrownBy(() -> scope.register(resource("late"))).isInstanceOf(IllegalStateException.class);
        assertThat(closed).isEmpty();
    }

    @Test
    void areRefusedFromStrangersAndWhenNull() throws Exception {
        try (var scope = MixedScope.open()) {
            assertThatThrownBy(() -> scope.register(null)).isInstanceOf(NullPointerException.class);
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            Thread.ofPlatform()
                    .start(() -> thrown.set(catchThrowable(() -> scope.register(resource("foreign")))))
                    .join();
            assertThat(thrown.get()).isInstanceOf(WrongThreadException.class);
        }
        assertThat(closed).isEmpty();
    }

    @Test
    void aResourceThatCannotSayWhatItIsKeepsNoOtherFromBeingClosed() {
        AtomicBoolean closed = new AtomicBoolean();
        AutoCloseable mute = new AutoCloseable() {
            @Override
            public void close() {
                throw new IllegalStateException("not closed");
            }

            @Override
            public String toString() {
                throw new IllegalStateException("no words");
            }
        };
        MixedScope<Object, Void> scope = MixedScope.open();
        scope.register(() -> closed.set(true));
        scope.register(mute);
        assertThatThrownBy(scope::close)
                .isInstanceOf(ResourceCloseException.class)
                .hasMessageContaining("not closed");
        assertThat(closed).isTrue();
    }
}
