package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Permits are conserved, whoever crosses whom. */
@Timeout(60)
class LimiterRaceTest {

    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();

    @AfterEach
    void stop() {
        executor.shutdownNow();
    }

    @Test
    void aWithdrawalThatCrossesAGrantIsOneOrTheOther() throws Exception {
        Limiter limiter = Limiter.of(1);
        int rounds = 10_000;
        FakeWaiter[] holders = new FakeWaiter[rounds];
        FakeWaiter[] waiters = new FakeWaiter[rounds];
        boolean[] withdrawn = new boolean[rounds]; // by the other thread, before the second meeting
        CyclicBarrier meeting = new CyclicBarrier(2);
        Future<?> withdrawing = Executors.newSingleThreadExecutor(
                        Thread.ofPlatform().daemon().factory())
                .submit(() -> {
                    for (int i = 0; i < rounds; i++) {
                        meeting.await(Patience.LIMIT_SECONDS, TimeUnit.SECONDS);
                        withdrawn[i] = limiter.withdraw(waiters[i]);
                        meeting.await(Patience.LIMIT_SECONDS, TimeUnit.SECONDS);
                    }
                    return null;
                });
        int grants = 0;
        for (int i = 0; i < rounds; i++) {
            holders[i] = new FakeWaiter("holder").holds(limiter);
            waiters[i] = new FakeWaiter("waiter").queuesAt(limiter);
            meeting.await(Patience.LIMIT_SECONDS, TimeUnit.SECONDS);
            if (i % 2 == 0) {
                limiter.leave(holders[i], null);
            } else {
                limiter.resize(2);
            }
            meeting.await(Patience.LIMIT_SECONDS, TimeUnit.SECONDS);
            assertThat(waiters[i].grants.get() + (withdrawn[i] ? 1 : 0))
                    .as("outcomes of round %d", i)
                    .isEqualTo(1);
            if (i % 2 != 0) {
                limiter.leave(holders[i], null);
                limiter.resize(1);
            }
            if (!withdrawn[i]) {
                limiter.leave(waiters[i], null);
                grants++;
            }
            assertThat(limiter.stats().inUse()).isZero();
        }
        withdrawing.get(Patience.LIMIT_SECONDS, TimeUnit.SECONDS);
        LimiterStats stats = limiter.stats();
        assertThat(stats.granted()).isEqualTo(rounds + grants);
        assertThat(stats.cancelledWhileWaiting()).isEqualTo(rounds - grants);
    }

    @Test
    void neverMoreRunThanThereArePermitsAndNoneIsLost() throws Exception {
        Limiter limiter = Limiter.of("shared", 4);
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicLong ran = new AtomicLong();
        int tasks = 2_000;
        List<Future<Object>> all = new ArrayList<>();
        for (int i = 0; i < tasks; i++) {
            all.add(executor.submit(() -> limiter.call(() -> {
                most.accumulateAndGet(running.incrementAndGet(), Math::max);
                Thread.yield();
                running.decrementAndGet();
                return ran.incrementAndGet();
            })));
        }
        for (Future<Object> one : all) {
            one.get(Patience.LIMIT_SECONDS, TimeUnit.SECONDS);
        }
        assertThat(ran).hasValue(tasks);
        assertThat(most).hasValueBetween(1, 4);
        assertThat(limiter.stats()).returns(0, LimiterStats::inUse).returns(0, LimiterStats::waiting);
        assertThat(limiter.stats().granted()).isEqualTo(tasks);
    }

    @Test
    void permitsAreConservedWhileThreadsAreInterruptedAndTheLimiterIsResized() throws Exception {
        Limiter limiter = Limiter.of("shared", 3);
        int threads = 16;
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicLong interrupted = new AtomicLong();
        AtomicLong ran = new AtomicLong();
        Thread[] workers = new Thread[threads];
        List<Throwable> surprises = new CopyOnWriteArrayList<>();
        AtomicInteger alive = new AtomicInteger(threads);
        Callable<Object> body = () -> {
            most.accumulateAndGet(running.incrementAndGet(), Math::max);
            Thread.yield();
            running.decrementAndGet();
            return ran.incrementAndGet();
        };
        for (int i = 0; i < threads; i++) {
            workers[i] = (i % 2 == 0 ? Thread.ofVirtual() : Thread.ofPlatform().daemon()).start(() -> {
                try {
                    for (int n = 0; n < 1_500; n++) {
                        try {
                            limiter.call(body);
                        } catch (InterruptedException e) {
                            interrupted.incrementAndGet();
                        }
                    }
                } catch (Throwable e) {
                    surprises.add(e);
                } finally {
                    alive.decrementAndGet();
                }
            });
        }
        while (alive.get() > 0) {
            workers[ThreadLocalRandom.current().nextInt(threads)].interrupt();
            limiter.resize(1 + ThreadLocalRandom.current().nextInt(5));
            Thread.yield();
        }
        for (Thread worker : workers) {
            worker.join();
        }
        assertThat(surprises).isEmpty();
        assertThat(ran.get() + interrupted.get()).isEqualTo(threads * 1_500L);
        assertThat(most).hasValueLessThanOrEqualTo(5);
        assertThat(limiter.stats()).returns(0, LimiterStats::inUse).returns(0, LimiterStats::waiting);
        assertThat(limiter.stats().granted()).isBetween(ran.get(), ran.get() + interrupted.get());
    }

    @Test
    void nestedCallsEndWhateverTheirOrder() throws Exception {
        assertThat(nestedCalls(false)).as("refused").isPositive();
    }

    @Test
    void nestedCallsInTheSameOrderAreNeverRefused() throws Exception {
        assertThat(nestedCalls(true)).as("refused").isZero();
    }

    // Threads that take three of five limiters, one inside the other. Returns how many were refused because of a
    // deadlock.
    private long nestedCalls(boolean ordered) throws Exception {
        List<Limiter> limiters =
                IntStream.of(1, 1, 2, 1, 3).mapToObj(Limiter::of).toList();
        List<Future<Long>> all = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            all.add(executor.submit(() -> {
                long refused = 0;
                for (int n = 0; n < 1_000; n++) {
                    List<Limiter> mine = new ArrayList<>(limiters);
                    Collections.shuffle(mine, ThreadLocalRandom.current());
                    mine = mine.subList(0, 3);
                    if (ordered) {
                        mine.sort(Comparator.comparingInt(limiters::indexOf));
                    }
                    refused += callNested(mine) ? 0 : 1;
                }
                return refused;
            }));
        }
        long refused = 0;
        for (Future<Long> one : all) {
            refused += one.get(Patience.LIMIT_SECONDS, TimeUnit.SECONDS);
        }
        assertThat(limiters)
                .allMatch(limiter ->
                        limiter.stats().inUse() == 0 && limiter.stats().waiting() == 0);
        return refused;
    }

    private static boolean callNested(List<Limiter> limiters) throws Exception {
        try {
            return callInside(limiters);
        } catch (LimiterDeadlockException e) {
            return false;
        }
    }

    private static boolean callInside(List<Limiter> limiters) throws Exception {
        return limiters.get(0).call(() -> {
            Thread.yield(); // somebody else comes in between
            return limiters.size() == 1 || callInside(limiters.subList(1, limiters.size()));
        });
    }

    @Test
    void aMillionThatHaveWithdrawnLeaveNothingBehind() {
        Limiter limiter = Limiter.of(1);
        FakeWaiter holder = new FakeWaiter("holder").holds(limiter);
        List<WeakReference<FakeWaiter>> some = new ArrayList<>();
        int round = 100_000;
        for (int rounds = 0; rounds < 10; rounds++) {
            List<FakeWaiter> inLine = new ArrayList<>(round);
            for (int i = 0; i < round; i++) {
                inLine.add(new FakeWaiter("w", holder.servedInto).queuesAt(limiter));
            }
            for (FakeWaiter last : inLine.reversed()) { // the last first: the longest way, were it a search
                limiter.withdraw(last);
            }
            some.add(new WeakReference<>(inLine.get(round / 2)));
            some.add(new WeakReference<>(inLine.get(round - 1)));
        }
        assertThat(limiter.stats())
                .returns(0, LimiterStats::waiting)
                .returns(1_000_000L, LimiterStats::cancelledWhileWaiting);
        Patience.until("all are collected", () -> {
            System.gc();
            return some.stream().allMatch(reference -> reference.refersTo(null));
        });
        limiter.leave(holder, null);
        assertThat(limiter.tryEnter(new FakeWaiter("next"))).isTrue();
    }
}
