package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Who gets a permit, and when. */
class LimiterTest {

    private final Queue<FakeWaiter> served = new ConcurrentLinkedQueue<>();

    private FakeWaiter waiter(String name) {
        return new FakeWaiter(name, served);
    }

    private List<FakeWaiter> inLine(Limiter limiter, int count) {
        return IntStream.range(0, count)
                .mapToObj(n -> waiter("w" + n).queuesAt(limiter))
                .toList();
    }

    @Test
    void soManyEnterAsThereArePermits() {
        Limiter limiter = Limiter.of("db", 3);
        assertThat(limiter.tryEnter(waiter("a"))).isTrue();
        assertThat(limiter.enter(waiter("b"))).isTrue();
        assertThat(limiter.tryEnter(waiter("c"))).isTrue();
        assertThat(limiter.tryEnter(waiter("d"))).isFalse();
        assertThat(limiter.enter(waiter("e"))).isFalse();
        assertThat(limiter).hasToString("Limiter[db, 3 of 3 in use, 1 waiting]");
    }

    @Test
    void whoWaitsIsServedInTheOrderOfComing() {
        Limiter limiter = Limiter.of(1);
        FakeWaiter holder = waiter("first").holds(limiter);
        List<FakeWaiter> all = inLine(limiter, 100);
        limiter.leave(holder, null);
        all.forEach(waiter -> limiter.leave(waiter, null));
        assertThat(served).containsExactlyElementsOf(all);
        assertThat(limiter.stats().inUse()).isZero();
    }

    @Test
    void nobodyInLineIsOvertaken() {
        Limiter limiter = Limiter.of(2);
        FakeWaiter a = waiter("a").holds(limiter);
        FakeWaiter b = waiter("b").holds(limiter);
        FakeWaiter c = waiter("c").queuesAt(limiter);
        limiter.leave(a, null);
        assertThat(c.hasPermit()).isTrue();
        assertThat(limiter.tryEnter(waiter("d"))).isFalse();
        limiter.leave(b, null);
        assertThat(limiter.tryEnter(waiter("d"))).isTrue();
    }

    @Test
    void theNextOneLearnsOfTheThreadWhosePermitItHas() {
        Limiter limiter = Limiter.of(1);
        FakeWaiter a = waiter("a").holds(limiter);
        FakeWaiter b = waiter("b").queuesAt(limiter);
        FakeWaiter c = waiter("c").queuesAt(limiter);
        limiter.leave(a, Thread.currentThread());
        assertThat(b.grantedAfter).isSameAs(Thread.currentThread());
        limiter.leave(b, null);
        assertThat(c.hasPermit()).isTrue();
        assertThat(c.grantedAfter).isNull();
    }

    @Test
    void growingStartsTheFirstInLineAtOnce() {
        Limiter limiter = Limiter.of(1);
        waiter("holder").holds(limiter);
        List<FakeWaiter> all = inLine(limiter, 5);
        limiter.resize(4);
        assertThat(served).containsExactlyElementsOf(all.subList(0, 3));
        assertThat(all.subList(0, 3)).allMatch(waiter -> waiter.grantedAfter == null);
        assertThat(limiter.permits()).isEqualTo(4);
        assertThat(limiter.stats().waiting()).isEqualTo(2);
        assertThat(limiter.tryEnter(waiter("late"))).isFalse();
    }

    @Test
    void shrinkingTakesNothingAwayAndTheExcessDrains() {
        Limiter limiter = Limiter.of(3);
        List<FakeWaiter> holders = List.of(waiter("a"), waiter("b"), waiter("c"));
        holders.forEach(holder -> holder.holds(limiter));
        FakeWaiter next = waiter("next").queuesAt(limiter);
        limiter.resize(1);
        assertThat(limiter.stats().inUse()).isEqualTo(3);
        limiter.leave(holders.get(0), null);
        limiter.leave(holders.get(1), null);
        assertThat(next.hasPermit()).isFalse();
        limiter.leave(holders.get(2), null);
        assertThat(next.hasPermit()).isTrue();
        assertThat(limiter.stats().inUse()).isEqualTo(1);
    }

    @Test
    void growingWithinTheExcessStartsNobody() {
        Limiter limiter = Limiter.of(3);
        List.of("a", "b", "c").forEach(name -> waiter(name).holds(limiter));
        FakeWaiter next = waiter("next").queuesAt(limiter);
        limiter.resize(1);
        limiter.resize(3);
        assertThat(next.hasPermit()).isFalse();
        limiter.resize(4);
        assertThat(next.hasPermit()).isTrue();
    }

    @Test
    void whoHasWithdrawnIsPassedOverAndTakesNoPermit() {
        Limiter limiter = Limiter.of(1);
        FakeWaiter holder = waiter("holder").holds(limiter);
        List<FakeWaiter> all = inLine(limiter, 3);
        assertThat(limiter.withdraw(all.get(0))).isTrue();
        assertThat(limiter.withdraw(all.get(0))).isFalse();
        limiter.leave(holder, null);
        assertThat(served).containsExactly(all.get(1));
        assertThat(limiter.withdraw(all.get(1))).as("has its permit").isFalse();
        assertThat(limiter.stats().waiting()).isEqualTo(1);
    }

    @Test
    void whoIsGoneButHasNotWithdrawnYetTakesNoPermit() {
        Limiter limiter = Limiter.of(1);
        FakeWaiter holder = waiter("holder").holds(limiter);
        List<FakeWaiter> all = inLine(limiter, 3);
        all.get(0).gone = true;
        all.get(1).gone = true;
        limiter.leave(holder, null);
        assertThat(served).containsExactly(all.get(2));
        assertThat(limiter.withdraw(all.get(0))).isFalse();
        assertThat(limiter.stats().cancelledWhileWaiting()).isEqualTo(2);
    }

    @Test
    void whoIsGoneBeforeItComesGetsNeitherPermitNorPlace() {
        Limiter limiter = Limiter.of(1);
        FakeWaiter gone = waiter("gone");
        gone.gone = true;
        assertThat(limiter.enter(gone)).isFalse();
        assertThat(limiter.stats().inUse()).isZero();
        waiter("holder").holds(limiter);
        assertThat(limiter.enter(gone)).isFalse();
        assertThat(limiter.stats().waiting()).isZero();
    }

    @Test
    void whoIsGrantedAPermitMayGiveItBackAtOnce() {
        Limiter limiter = Limiter.of(1);
        FakeWaiter holder = waiter("holder").holds(limiter);
        Limiter.Waiter brief = new Limiter.Waiter() {
            @Override
            public void granted(Thread before) {
                limiter.leave(this, before);
            }

            @Override
            public boolean isGone() {
                return false;
            }

            @Override
            public String describe() {
                return "brief";
            }

            @Override
            public WaitGraph.Wait waitsFor() {
                return null;
            }
        };
        limiter.enter(brief);
        FakeWaiter last = waiter("last").queuesAt(limiter);
        limiter.leave(holder, null);
        assertThat(last.hasPermit()).isTrue();
    }

    @Test
    void statisticsCountGrantsWaitsAndCancels() {
        AtomicLong now = new AtomicLong(5);
        Limiter limiter = new Limiter("db", 1, now::get);
        FakeWaiter holder = waiter("holder").holds(limiter);
        List<FakeWaiter> all = inLine(limiter, 3);
        now.addAndGet(Duration.ofSeconds(2).toNanos());
        limiter.withdraw(all.get(0));
        limiter.leave(holder, null);
        now.addAndGet(Duration.ofSeconds(3).toNanos());
        limiter.leave(all.get(1), null);
        assertThat(limiter.stats())
                .isEqualTo(new LimiterStats("db", 1, 1, 0, 3, 1, Duration.ofSeconds(5), Duration.ofSeconds(7)));
    }

    @Test
    void aCountTellsWhetherAnybodyWaitsAnywhere() {
        boolean before = Limiter.anyoneWaits();
        Limiter limiter = Limiter.of(1);
        FakeWaiter holder = waiter("holder").holds(limiter);
        FakeWaiter a = waiter("a").queuesAt(limiter);
        assertThat(Limiter.anyoneWaits()).isTrue();
        FakeWaiter b = waiter("b").queuesAt(limiter);
        limiter.withdraw(b);
        limiter.leave(holder, null);
        limiter.leave(a, null);
        assertThat(Limiter.anyoneWaits()).isEqualTo(before);
    }

    @Test
    void aPermitIsGivenBackOnce() {
        Limiter limiter = Limiter.of("db", 1);
        FakeWaiter holder = waiter("a").holds(limiter);
        FakeWaiter next = waiter("b").queuesAt(limiter);
        limiter.leave(holder, null);
        assertThatIllegalStateException()
                .isThrownBy(() -> limiter.leave(holder, null))
                .withMessage("subtask 'a' has no permit of limiter 'db' to give back");
        assertThatIllegalStateException()
                .isThrownBy(() -> limiter.enter(next))
                .withMessage("subtask 'b' has a permit of limiter 'db' or waits for one already");
    }

    @Test
    void aLimiterHasANameAndAtLeastOnePermit() {
        assertThat(Limiter.of(7).name()).startsWith("limiter-");
        assertThat(Limiter.of("db", 7).permits()).isEqualTo(7);
        assertThatIllegalArgumentException().isThrownBy(() -> Limiter.of(" ", 1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Limiter.of("db", 0))
                .withMessage("limiter 'db' must have at least 1 permit, not 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Limiter.of("db", 1).resize(-1));
    }
}
