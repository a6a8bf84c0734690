package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.AbstractCollection;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which waits can never end. */
class WaitGraphTest {

    private final Limiter db = Limiter.of("db", 1);
    private final Limiter files = Limiter.of("files", 1);
    private final FakeWaiter a = new FakeWaiter("a");
    private final FakeWaiter b = new FakeWaiter("b");
    private final FakeWaiter c = new FakeWaiter("c");

    private static List<String> cycle(WaitGraph.Node start) {
        return WaitGraph.cycleThrough(start).stream()
                .flatMap(Collection::stream)
                .map(WaitGraph.Step::who)
                .toList();
    }

    @Test
    void whoeverRunsIsInNoCycle() {
        a.holds(db);
        b.queuesAt(db);
        assertThat(cycle(a)).isEmpty();
        assertThat(cycle(b)).isEmpty();
    }

    @Test
    void whoHoldsThePermitAndJoinsWhoNeedsItIsInACycle() {
        a.holds(db);
        b.queuesAt(db);
        a.joins(b);
        assertThat(new LimiterDeadlockException(WaitGraph.cycleThrough(b).orElseThrow()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(
                        "subtask 'b' waits for a permit of limiter 'db' (1 permit), held by subtask 'a', which waits in join of"
                                + " scope 'of a' for subtask 'b'; raise the permits, use another limiter inside, or do not wait while holding a"
                                + " permit");
        assertThat(new LimiterDeadlockException(WaitGraph.cycleThrough(a).orElseThrow()))
                .hasMessageStartingWith(
                        "subtask 'a' waits in join of scope 'of a' for subtask 'b', which waits for a permit of limiter"
                                + " 'db' (1 permit), held by subtask 'a';");
    }

    @Test
    void theCycleMayLeadThroughThoseWhoHoldNothing() {
        a.holds(db).joins(c);
        c.joins(b);
        b.queuesAt(db);
        assertThat(cycle(b)).containsExactly("subtask 'b'", "subtask 'a'", "subtask 'c'");
        assertThat(cycle(c)).containsExactly("subtask 'c'", "subtask 'b'", "subtask 'a'");
    }

    @Test
    void oneThatIsStuckIsEnoughToHoldUpAJoin() {
        FakeWaiter runs = new FakeWaiter("runs");
        a.holds(db).joins(runs, b);
        b.queuesAt(db);
        assertThat(cycle(a)).containsExactly("subtask 'a'", "subtask 'b'");
    }

    @Test
    void twoLimitersThatCrossAreFound() {
        a.holds(db);
        b.holds(files);
        a.queuesAt(files);
        b.queuesAt(db);
        assertThat(new LimiterDeadlockException(WaitGraph.cycleThrough(a).orElseThrow()))
                .hasMessageStartingWith(
                        "subtask 'a' waits for a permit of limiter 'files' (1 permit), held by subtask 'b', which waits for a permit of"
                                + " limiter 'db' (1 permit), held by subtask 'a';");
        assertThat(cycle(b)).containsExactly("subtask 'b'", "subtask 'a'");
    }

    @Test
    void oneHolderThatRunsIsEnoughForTheLineToMove() {
        Limiter two = Limiter.of("two", 2);
        FakeWaiter other = new FakeWaiter("other").holds(two);
        a.holds(two);
        b.queuesAt(two);
        a.joins(b);
        assertThat(cycle(b)).isEmpty();
        assertThat(cycle(a)).isEmpty();
        other.joins(b);
        assertThat(cycle(b)).containsExactly("subtask 'b'", "subtask 'other'");
        assertThat(new LimiterDeadlockException(WaitGraph.cycleThrough(a).orElseThrow()))
                .hasMessageContaining("limiter 'two' (2 permits), held among others by subtask 'a'");
    }

    @Test
    void aHolderThatWaitsForOneThatRunsIsNotStuck() {
        Limiter two = Limiter.of("two", 2);
        FakeWaiter other = new FakeWaiter("other").holds(two);
        other.joins(c); // c runs
        a.holds(two);
        b.queuesAt(two);
        a.joins(b);
        assertThat(cycle(b)).isEmpty();
        c.joins(b);
        assertThat(cycle(b)).isNotEmpty();
    }

    @Test
    void aHolderAboveThePermitsOfAShrunkLimiterHelpsNobody() {
        Limiter two = Limiter.of("two", 2);
        new FakeWaiter("runs").holds(two);
        a.holds(two);
        b.queuesAt(two);
        a.joins(b);
        assertThat(cycle(a)).isEmpty();
        two.resize(1);
        assertThat(cycle(a)).containsExactly("subtask 'a'", "subtask 'b'");
        two.resize(3);
        assertThat(cycle(a)).isEmpty();
    }

    @Test
    void whoOnlyWaitsForACycleIsNotInIt() {
        a.holds(db);
        b.queuesAt(db);
        a.joins(b);
        c.queuesAt(db);
        FakeWaiter onlooker = new FakeWaiter("onlooker").joins(b, c);
        assertThat(cycle(c)).isEmpty();
        assertThat(cycle(onlooker)).isEmpty();
        assertThat(cycle(b)).isNotEmpty();
    }

    @Test
    void whoHasItsPermitButWasNotToldYetRuns() {
        a.holds(db);
        b.queuesAt(db);
        db.leave(a, null);
        b.wait = new WaitGraph.Permit(db, b); // as if it was still to be told
        c.queuesAt(db);
        b.joins(); // nobody: over at once
        assertThat(cycle(c)).isEmpty();
        b.wait = new WaitGraph.Permit(db, b);
        a.joins(b);
        assertThat(cycle(b)).isEmpty();
        assertThat(cycle(c)).isEmpty();
    }

    @Test
    void whoIsCancelledInLineHoldsUpNobody() {
        a.holds(db);
        b.queuesAt(db);
        a.joins(b);
        b.gone = true;
        assertThat(cycle(a)).isEmpty();
    }

    @Test
    void waitsInCircleWithoutALimiterAreFoundWhileSomebodyIsInLine() {
        FakeWaiter holder = new FakeWaiter("holder").holds(db);
        c.queuesAt(db);
        a.joins(b);
        b.joins(a);
        assertThat(cycle(a)).containsExactly("subtask 'a'", "subtask 'b'");
        db.withdraw(c);
        db.leave(holder, null);
    }

    /** What a wait needs; after the first search has read it all, but before that has read the rest, something happens. */
    private static final class Interrupted extends AbstractCollection<FakeWaiter> {
        private final List<FakeWaiter> nodes;
        private Runnable event;

        Interrupted(Runnable event, FakeWaiter... nodes) {
            this.event = event;
            this.nodes = List.of(nodes);
        }

        @Override
        public Iterator<FakeWaiter> iterator() {
            Iterator<FakeWaiter> iterator = nodes.iterator();
            return new Iterator<>() {
                @Override
                public boolean hasNext() {
                    boolean more = iterator.hasNext();
                    if (!more && event != null) {
                        Runnable happens = event;
                        event = null;
                        happens.run();
                    }
                    return more;
                }

                @Override
                public FakeWaiter next() {
                    return iterator.next();
                }
            };
        }

        @Override
        public int size() {
            return nodes.size();
        }
    }

    @Test
    void whatWasNeverTrueAtOnceIsNoCycle() {
        FakeWaiter holder = new FakeWaiter("holder").holds(db);
        new FakeWaiter("elsewhere").holds(files);
        new FakeWaiter("in line elsewhere").queuesAt(files);
        b.queuesAt(db);
        Interrupted nodes = new Interrupted(
                () -> {
                    db.withdraw(b); // b runs: it waits no more before a begins to
                    b.wait = null;
                    db.leave(holder, null);
                    a.holds(db).joins(c);
                },
                b);
        c.wait = new WaitGraph.All("in join of scope 'torn'", nodes);
        assertThat(cycle(c)).isEmpty();
        assertThat(nodes.event).as("has happened").isNull();
    }

    @Test
    void aPlaceThatWasLeftAndTakenAgainIsAnotherOne() {
        FakeWaiter holder = new FakeWaiter("holder").holds(db);
        b.queuesAt(db);
        Interrupted nodes = new Interrupted(
                () -> {
                    db.withdraw(b);
                    db.leave(holder, null);
                    a.holds(db).joins(c);
                    b.queuesAt(db);
                },
                b);
        c.wait = new WaitGraph.All("in join of scope 'torn'", nodes);
        assertThat(cycle(c)).containsExactly("subtask 'c'", "subtask 'b'", "subtask 'a'");
    }

    @Test
    void aCycleIsFoundAlthoughAnotherOneEndsDuringTheSearch() {
        a.holds(db).joins(c);
        b.queuesAt(db);
        FakeWaiter other = new FakeWaiter("other").queuesAt(db);
        Interrupted nodes = new Interrupted(() -> db.withdraw(b), b, other);
        c.wait = new WaitGraph.All("in join of scope 'torn'", nodes);
        assertThat(cycle(c)).containsExactly("subtask 'c'", "subtask 'other'", "subtask 'a'");
    }

    @Test
    void aPermitThatComesDuringTheSearchIsSeen() {
        FakeWaiter holder = new FakeWaiter("holder").holds(files);
        FakeWaiter d = new FakeWaiter("d").queuesAt(files);
        a.holds(db).joins(c);
        FakeWaiter first = new FakeWaiter("first").queuesAt(db);
        b.queuesAt(db);
        Interrupted nodes = new Interrupted(() -> db.resize(2), d); // b moves up, in the same place
        holder.wait = new WaitGraph.All("in join of scope 'late'", nodes);
        c.joins(b, d);
        assertThat(cycle(c)).isEmpty();
        assertThat(nodes.event).as("has happened").isNull();
        assertThat(first.hasPermit()).isTrue();
    }

    @Test
    @Timeout(60)
    void aChainOfTenThousandNeedsNoDeepStack() {
        int length = 10_000;
        List<Limiter> limiters = new ArrayList<>();
        List<FakeWaiter> holders = new ArrayList<>();
        for (int i = 0; i < length; i++) {
            limiters.add(Limiter.of("limiter " + i, 1));
            holders.add(new FakeWaiter("s" + i).holds(limiters.get(i)));
        }
        for (int i = 0; i + 1 < length; i++) {
            holders.get(i).queuesAt(limiters.get(i + 1));
        }
        assertThat(cycle(holders.get(0))).isEmpty();
        FakeWaiter last = holders.get(length - 1).queuesAt(limiters.get(0));
        assertThat(cycle(last)).hasSize(length);
        assertThat(cycle(holders.get(0))).hasSize(length);
        assertThat(new LimiterDeadlockException(WaitGraph.cycleThrough(last).orElseThrow()).getMessage())
                .hasSizeLessThan(2_000)
                .contains(
                        "subtask 's8', which waits for a permit of limiter 'limiter 9' (1 permit), held by subtask 's9', and so on;"
                                + " the last of 9990 more waits for subtask 's9999'; raise");
    }

    @Test
    @Timeout(60)
    void aJoinOfAHundredThousandThatQueueIsSearchedOnce() {
        Collection<FakeWaiter> live = ConcurrentHashMap.newKeySet();
        a.holds(db);
        for (int i = 0; i < 100_000; i++) {
            live.add(new FakeWaiter("w").queuesAt(db));
        }
        b.queuesAt(db);
        live.add(b);
        a.wait = new WaitGraph.All("in join of scope 'wide'", live);
        assertThat(cycle(b)).containsExactly("subtask 'b'", "subtask 'a'");
        live.remove(b);
        assertThat(cycle(b)).isEmpty();
    }
}
