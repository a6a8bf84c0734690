package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.loomscope.core.TaskKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The cancel of a scope wakes an await in its body and interrupts the body: whichever comes first, the same is told. */
class AwaitInCallRaceTest {

    @Test
    void moveOnAfterMovesOnAlsoWhileItsBodyAwaits() {
        List<Throwable> thrown = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Throwable e = catchThrowable(() -> MixedScope.moveOnAfter(
                    Duration.ofMillis(2),
                    scope -> scope.fork(TaskKind.IO, () -> Patience.forever()).await()));
            if (e != null) {
                thrown.add(e);
            }
        }
        assertThat(thrown).isEmpty();
    }

    @Test
    void failAfterSaysThatItsDeadlinePassedAlsoWhileItsBodyAwaits() {
        List<Throwable> thrown = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Throwable e = catchThrowable(() -> MixedScope.failAfter(
                    Duration.ofMillis(2),
                    scope -> scope.fork(TaskKind.IO, () -> Patience.forever()).await()));
            if (!(e instanceof DeadlineExceededException)) {
                thrown.add(e);
            }
        }
        assertThat(thrown).isEmpty();
    }

    @Test
    void aDeadlineAroundANestedCallIsToldAsADeadline() {
        List<Throwable> thrown = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Throwable e = catchThrowable(() -> MixedScope.failAfter(
                    Duration.ofMillis(2),
                    outer -> MixedScope.call(inner -> inner.fork(TaskKind.IO, () -> Patience.forever()))));
            if (!(e instanceof DeadlineExceededException)) {
                thrown.add(e);
            }
        }
        assertThat(thrown).isEmpty();
    }
}
