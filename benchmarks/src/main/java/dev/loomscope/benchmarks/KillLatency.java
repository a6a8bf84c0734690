package dev.loomscope.benchmarks;

import java.util.List;

/** Figure: how long after its deadline a deaf loop is dead, and its worker replaced. */
final class KillLatency implements Comparison {

    private static final int GRACE_MILLIS = 100;
    private static final int PROMISE_MILLIS = 100;

    @Override
    public String name() {
        return "kill";
    }

    @Override
    public String about() {
        return "A task that computes for ever and does not listen gets a deadline; the grace period is 100 ms. Measured from the"
                + " deadline until join has thrown and the process is gone, and until a new worker is ready, with one worker in the"
                + " pool. Five rounds of warm-up. The limit is the promise: the grace period and 100 ms.";
    }

    @Override
    public Findings run(Effort effort) throws Exception {
        Measured measured =
                Turns.ofPrograms(1, List.of(Program.java(DeadlineToDead.class, effort.of(30, 200), GRACE_MILLIS)));
        Samples dead = measured.samples("dead", "deadline to dead");
        Samples replaced = measured.samples("replaced", "deadline to replacement ready");
        Samples promise = Samples.limit(GRACE_MILLIS + PROMISE_MILLIS);
        return new Findings()
                .add(new Figure("kill-deadline-to-dead", "ms", dead, promise, Goal.atMost(1)))
                .add(new Figure("kill-deadline-to-dead-p99", "ms", p99(dead), promise, Goal.none()))
                .add(new Figure("kill-deadline-to-replaced", "ms", replaced, promise, Goal.none()))
                .add(new Figure("kill-deadline-to-replaced-p99", "ms", p99(replaced), promise, Goal.none()))
                .add(Plot.ofSamples("after the deadline", "ms", List.of(dead, replaced)));
    }

    private static Samples p99(Samples samples) {
        return new Samples(samples.of() + ", p99", List.of(samples.quantile(0.99)));
    }
}
