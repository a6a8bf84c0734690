package dev.loomscope;

import dev.loomscope.WaitGraph.Wait;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** The threads inside {@link Limiter#call} of one limiter, those that wait and those that have their permit. */
final class LimiterCalls {

    private final Limiter limiter;
    private final Set<Thread> callers = ConcurrentHashMap.newKeySet(); // each puts in and takes out itself

    LimiterCalls(Limiter limiter) {
        this.limiter = limiter;
    }

    <T extends @Nullable Object> T run(Callable<? extends T> task) throws Exception {
        Caller caller = new Caller();
        if (!callers.add(caller.thread)) {
            throw new IllegalStateException(
                    ("%s is inside a call of limiter '%s' (%s) already: a second permit could be the one that it waits for; use the"
                                    + " permit it has, or another limiter inside")
                            .formatted(caller.describe(), limiter.name(), permits(limiter.permits())));
        }
        try {
            caller.enter(limiter);
            try {
                return task.call();
            } finally {
                limiter.leave(caller, null);
            }
        } finally {
            callers.remove(caller.thread);
        }
    }

    /** A number of permits in words. */
    static String permits(int count) {
        return count == 1 ? "1 permit" : count + " permits";
    }

    /** One call of one thread. */
    private static final class Caller implements Limiter.Waiter {

        private final Thread thread = Thread.currentThread();
        private volatile boolean granted; // whoever hands it the permit, once

        void enter(Limiter limiter) throws InterruptedException {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            if (limiter.tryEnter(this)) {
                return;
            }
            ThreadWaits.begin(new WaitGraph.Permit(limiter, this)); // before the look for a cycle
            try {
                if (!limiter.enter(this)) {
                    refuseDeadlock(limiter);
                    awaitGrant(limiter);
                }
            } finally {
                ThreadWaits.end();
            }
        }

        private void refuseDeadlock(Limiter limiter) {
            Optional<List<WaitGraph.Step>> cycle = WaitGraph.cycleThrough(this);
            if (cycle.isPresent() && limiter.withdraw(this)) {
                throw new LimiterDeadlockException(cycle.get());
            }
        }

        private void awaitGrant(Limiter limiter) throws InterruptedException {
            while (!granted) {
                LockSupport.park(limiter);
                if (Thread.interrupted()) {
                    if (!limiter.withdraw(this)) {
                        limiter.leave(this, null); // the permit came together with the interrupt
                    }
                    throw new InterruptedException();
                }
            }
        }

        // If another thread has the permit until it ends, that thread runs none of its task any more: no reason to
        // wait.
        @Override
        public void granted(@Nullable Thread before) {
            granted = true;
            LockSupport.unpark(thread);
        }

        @Override
        public boolean isGone() {
            return false; // it withdraws itself
        }

        @Override
        public @Nullable Wait waitsFor() {
            return ThreadWaits.of(thread);
        }

        @Override
        public String describe() {
            return thread.getName().isEmpty()
                    ? "thread #" + thread.threadId()
                    : "thread '%s'".formatted(thread.getName());
        }
    }
}
