package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.loomscope.CancelReason.Source;
import dev.loomscope.Subtask.State;
import dev.loomscope.core.Cpu;
import dev.loomscope.core.TaskNotSerializableException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;

/** Joiners that users write: what they hear, and what becomes of one that throws. */
class UserJoinerTest {

    private static class Recorder implements Joiner<Object, String> {
        final Queue<Subtask<?>> forked = new ConcurrentLinkedQueue<>();
        final Queue<Subtask<?>> completed = new ConcurrentLinkedQueue<>();
        final Queue<State> states = new ConcurrentLinkedQueue<>();

        @Override
        public boolean onFork(Subtask<?> subtask) {
            forked.add(subtask);
            return false;
        }

        @Override
        public boolean onComplete(Subtask<?> subtask) {
            states.add(subtask.state());
            completed.add(subtask);
            return false;
        }

        @Override
        public String result() throws Exception {
            return "result";
        }
    }

    @Test
    void hearsOfEveryForkAndEveryEndOnceAndGivesTheResult() throws Exception {
        Recorder joiner = new Recorder();
        try (var scope = MixedScope.open(joiner)) {
            Subtask<String> good = scope.fork(() -> "good");
            Subtask<Object> failed = scope.fork(() -> {
                throw new IllegalStateException("failed");
            });
            Subtask<Void> cancelled = scope.fork(() -> Patience.forever());
            cancelled.cancel();
            assertThat(scope.join()).isEqualTo("result");
            assertThat(joiner.forked).containsExactly(good, failed, cancelled);
            assertThat(joiner.completed).containsExactlyInAnyOrder(good, failed, cancelled);
            assertThat(joiner.states).containsExactlyInAnyOrder(State.SUCCESS, State.FAILED, State.CANCELLED);
        }
    }

    @Test
    void hearsAlsoOfWhatIsForkedAfterACancel() throws Exception {
        Recorder joiner = new Recorder();
        try (var scope = MixedScope.open(joiner)) {
            scope.cancel();
            Subtask<String> late = scope.fork(() -> "late");
            scope.join();
            assertThat(joiner.forked).containsExactly(late);
            assertThat(joiner.states).containsExactly(State.CANCELLED);
        }
    }

    @Test
    void cancelsTheScopeFromOnForkBeforeTheSubtaskStarts() throws Exception {
        Joiner<Object, String> onlyOne = new Recorder() {
            @Override
            public boolean onFork(Subtask<?> subtask) {
                return true;
            }
        };
        try (var scope = MixedScope.open(onlyOne)) {
            Subtask<String> subtask = scope.fork(() -> "ran");
            scope.join();
            assertThat(subtask.state()).isEqualTo(State.CANCELLED);
            assertThat(scope.cancelReason().orElseThrow().source()).isEqualTo(Source.JOINER);
        }
    }

    @Test
    void thatThrowsInOnForkMakesForkThrowAndNothingIsForked() throws Exception {
        IllegalStateException refusal = new IllegalStateException("no more");
        Joiner<Object, String> refusing = new Recorder() {
            @Override
            public boolean onFork(Subtask<?> subtask) {
                throw refusal;
            }
        };
        try (var scope = MixedScope.open(refusing)) {
            assertThatThrownBy(() -> scope.fork(() -> "ran")).isSameAs(refusal);
            assertThat(scope.join()).isEqualTo("result");
        }
    }

    /** As its contract says: what onComplete throws is a failure of the scope, so join must tell. */
    @Test
    void thatThrowsInOnCompleteCancelsTheOthersAndMakesJoinThrow() {
        IllegalStateException broken = new IllegalStateException("broken joiner");
        Joiner<Object, String> breaking = new Recorder() {
            @Override
            public boolean onComplete(Subtask<?> subtask) {
                if (subtask.state() == State.SUCCESS) {
                    throw broken;
                }
                return false;
            }
        };
        try (var scope = MixedScope.open(breaking)) {
            Subtask<Void> other = scope.fork(() -> Patience.forever());
            scope.fork(() -> "trigger");
            ScopeFailedException thrown = catchThrowableOfType(ScopeFailedException.class, scope::join);
            assertThat(other.state()).isEqualTo(State.CANCELLED);
            assertThat(thrown).as("what join threw").isNotNull().hasCause(broken);
        }
    }

    @Test
    void whosePredicateThrowsMakesJoinThrow() {
        IllegalStateException broken = new IllegalStateException("broken predicate");
        try (var scope = MixedScope.open(Joiner.allUntil(subtask -> {
            throw broken;
        }))) {
            scope.fork(() -> "trigger");
            assertThatThrownBy(scope::join)
                    .isInstanceOf(ScopeFailedException.class)
                    .hasCause(broken);
        }
    }

    @Test
    void whoseResultThrowsMakesJoinThrowItWrapped() {
        Exception checked = new Exception("checked");
        Joiner<Object, String> failing = new Recorder() {
            @Override
            public String result() throws Exception {
                throw checked;
            }
        };
        try (var scope = MixedScope.open(failing)) {
            scope.fork(() -> {
                throw new IllegalStateException("a failure of a subtask");
            });
            ScopeFailedException thrown = catchThrowableOfType(ScopeFailedException.class, scope::join);
            assertThat(thrown).hasCause(checked).hasMessageContaining("1 further failure");
            assertThat(thrown.failures()).hasSize(1);
            assertThat(thrown.getSuppressed()).hasSize(1);
        }
    }

    @Test
    void mayLookAtWhatHasEndedOnTheOwnersThread() throws Exception {
        Queue<Throwable> seen = new ConcurrentLinkedQueue<>();
        Joiner<Object, String> looks = new Recorder() {
            @Override
            public boolean onComplete(Subtask<?> subtask) {
                if (subtask.state() == State.FAILED) {
                    seen.add(subtask.exception());
                }
                return false;
            }
        };
        Object notToBeSent = new Object();
        try (var scope = MixedScope.open(looks)) {
            Subtask<Object> first = scope.fork(() -> notToBeSent);
            Patience.until("it has ended", () -> first.state() == State.SUCCESS);
            Subtask<String> failing = first.then(UserJoinerTest::crunch); // its argument cannot be sent: fails here
            assertThat(failing.state()).isEqualTo(State.FAILED);
            assertThat(scope.join()).isEqualTo("result");
        }
        assertThat(seen).singleElement().isInstanceOf(TaskNotSerializableException.class);
    }

    @Cpu
    private static String crunch(Object argument) {
        return argument.toString();
    }
}
