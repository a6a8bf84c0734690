package dev.loomscope;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** Stands in line in place of a subtask, and says what the test wants. */
final class FakeWaiter implements Limiter.Waiter {

    final String name;
    final AtomicInteger grants = new AtomicInteger();
    final Queue<FakeWaiter> servedInto; // in the order of the grants
    volatile Thread grantedAfter;
    volatile boolean gone;
    volatile WaitGraph.Wait wait;

    FakeWaiter(String name) {
        this(name, new ConcurrentLinkedQueue<>());
    }

    FakeWaiter(String name, Queue<FakeWaiter> servedInto) {
        this.name = name;
        this.servedInto = servedInto;
    }

    boolean hasPermit() {
        return grants.get() > 0;
    }

    /** Goes to the end of the line, and says so to the graph first. */
    FakeWaiter queuesAt(Limiter limiter) {
        wait = new WaitGraph.Permit(limiter, this);
        if (limiter.enter(this)) {
            throw new AssertionError(this + " has a permit and needs not wait");
        }
        return this;
    }

    FakeWaiter holds(Limiter limiter) {
        if (!limiter.tryEnter(this)) {
            throw new AssertionError("no permit for " + this);
        }
        return this;
    }

    FakeWaiter joins(FakeWaiter... others) {
        wait = new WaitGraph.All("in join of scope 'of %s'".formatted(name), List.of(others));
        return this;
    }

    @Override
    public void granted(Thread before) {
        grants.incrementAndGet();
        grantedAfter = before;
        wait = null;
        servedInto.add(this);
    }

    @Override
    public boolean isGone() {
        return gone;
    }

    @Override
    public WaitGraph.Wait waitsFor() {
        return wait;
    }

    @Override
    public String describe() {
        return "subtask '%s'".formatted(name);
    }

    @Override
    public String toString() {
        return name;
    }
}
