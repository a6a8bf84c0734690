package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.core.CurrentTask;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which thread of a worker reads what comes. The test is the task thread, and the pool. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ReadingTurnTest {

    private static final int MANY = 2_000;

    /** What comes is put in by the test; empty ends it. */
    private final LinkedTransferQueue<Optional<Assignment>> coming = new LinkedTransferQueue<>();

    private final List<Thread> readers = new CopyOnWriteArrayList<>(); // of each that came
    private volatile boolean over;
    private volatile Runnable beforeEachReturns = () -> {};
    private final ReadingTurn turn = new ReadingTurn(this::next);
    private final CompletableFuture<Void> mainThread = inBackground(turn::readForLongTasks);

    @AfterEach
    void end() {
        over = true;
    }

    private @Nullable Assignment next(ReadingTurn ours) throws IOException {
        try {
            Assignment next = coming.take().orElse(null);
            readers.add(Thread.currentThread());
            beforeEachReturns.run();
            return next;
        } catch (InterruptedException e) {
            throw new IOException("no task is interrupted here", e);
        }
    }

    private static Optional<Assignment> task() {
        CurrentTask.Control control = new CurrentTask.Control(OptionalLong.empty(), (message, fraction) -> {});
        return Optional.of(new Assignment(Payload.of(new byte[0]), control, null));
    }

    // A thread of the system, as in a worker: a virtual one that goes round in circles would keep the only carrier of
    // one processor.
    private static CompletableFuture<Void> inBackground(BackgroundIo.Action action) {
        return BackgroundIo.inBackground(
                action, code -> Thread.ofPlatform().daemon().start(code));
    }

    private boolean isMine(int index) {
        return readers.get(index) == Thread.currentThread();
    }

    @Test
    void theTaskThreadReadsWhileNoTaskRunsForLong() throws Exception {
        for (int i = 0; i < 3; i++) {
            Optional<Assignment> task = task();
            coming.put(task);

            assertThat(turn.next()).isSameAs(task.get());
            assertThat(isMine(i)).isTrue();
        }
        coming.put(Optional.empty());

        assertThat(turn.next()).isNull();
        mainThread.get(30, TimeUnit.SECONDS);
    }

    @Test
    void whileATaskRunsForLongTheMainThreadReadsAndHandsOverTheNext() throws Exception {
        coming.put(task());
        turn.next();
        turn.onLongTask();
        Optional<Assignment> second = task();
        coming.transfer(second); // somebody takes it, although this thread does not

        assertThat(turn.next()).isSameAs(second.get());
        assertThat(isMine(1)).isFalse();

        Optional<Assignment> third = task(); // the second was over in no time
        coming.put(third);
        assertThat(turn.next()).isSameAs(third.get());
        assertThat(isMine(2)).isTrue();
    }

    @Test
    void whoReadsBesideATaskCanWaitUntilItsThreadIsFree() throws Exception {
        coming.put(task());
        turn.next();
        turn.onLongTask();
        CompletableFuture<Void> free = inBackground(turn::awaitFree);
        assertThatThrownBy(() -> free.get(50, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);

        CompletableFuture<Void> next = inBackground(turn::next); // as the thread does whose task has ended

        free.get(30, TimeUnit.SECONDS);
        assertThat(next).isNotDone();
        coming.put(Optional.empty());
        next.get(30, TimeUnit.SECONDS);
    }

    @Test
    void theMainThreadIsToldToRetireWhoeverReadsIt() throws Exception {
        coming.put(task());
        turn.next();
        turn.onLongTask();
        coming.put(Optional.empty());

        mainThread.get(30, TimeUnit.SECONDS);
        assertThat(turn.next()).isNull();
    }

    @Test
    void aTaskThatIsLongBeforeItsReaderHasEndedIsReadBesideAtOnce() throws Exception {
        coming.put(task());
        beforeEachReturns = turn::onLongTask;
        turn.next();
        beforeEachReturns = () -> {};

        coming.put(Optional.empty()); // while the task runs

        mainThread.get(30, TimeUnit.SECONDS);
    }

    @Test
    void aTaskThatIsLongOnlyWhenTheNextIsReadLosesNone() throws Exception {
        coming.put(task());
        turn.next();
        CompletableFuture<Void> late = inBackground(() -> {
            while (!coming.hasWaitingConsumer() && !over) {
                Thread.yield();
            }
            turn.onLongTask();
            coming.put(task());
        });

        assertThat(turn.next()).isNotNull();
        assertThat(isMine(1)).isTrue();
        late.join();
        Optional<Assignment> last = task();
        coming.put(last);
        assertThat(turn.next()).isSameAs(last.get());
    }

    @Test
    void noTaskIsLostOrReadTwiceHoweverLongEachTakes() throws Exception {
        CompletableFuture<Void> ticks = inBackground(() -> {
            while (!mainThread.isDone() && !over) {
                turn.onLongTask();
                Thread.yield();
            }
        });
        ThreadLocalRandom random = ThreadLocalRandom.current();
        for (int i = 0; i < MANY; i++) {
            Optional<Assignment> task = task();
            coming.put(task);

            assertThat(turn.next()).isSameAs(task.get());
            for (int spins = random.nextInt(200); spins > 0; spins--) {
                Thread.onSpinWait();
            }
        }
        coming.put(Optional.empty());
        assertThat(turn.next()).isNull();
        mainThread.get(30, TimeUnit.SECONDS);
        ticks.join();
        assertThat(readers).hasSize(MANY + 1);
    }

    @Test
    void theEndOfTheChannelIsToldToWhoReads() {
        ReadingTurn broken = new ReadingTurn(ours -> {
            throw new IOException("gone");
        });

        assertThatThrownBy(broken::next).isInstanceOf(IOException.class).hasMessage("gone");
    }
}
