package dev.loomscope.benchmarks;

import java.util.List;

/** Figure: the first CPU result of a pool that has no worker yet, next to a bare JVM with the best flags that runs the same task. */
final class FirstResult implements Comparison {

    private static final List<Integer> MILLION_STEPS = List.of(0, 100, 300);

    @Override
    public String name() {
        return "cold-start";
    }

    @Override
    public String about() {
        return "The time from opening a pool of one worker until the first result is there, with the archive of loaded classes in place"
                + " and without one; next to a bare JVM with SerialGC and an archive of its own that runs the same task in its main"
                + " method and prints the result. Tasks of 0, 100 and 300 million steps, about a nanosecond each. Three rounds of"
                + " warm-up of the JVM that measures; each sample is a JVM that starts, in turns.";
    }

    @Override
    public String whyShort() {
        return "A worker does more than a bare JVM before its first task: a socket, the proof that it is the one"
                + " that was started, a self-test, the code of the task from a stream; some 75 ms on this class of"
                + " machine, which a task of a quarter of a second hides (ADR 0017).";
    }

    @Override
    public Findings run(Effort effort) throws Exception {
        String tasks =
                String.join(",", MILLION_STEPS.stream().map(String::valueOf).toList());
        Measured measured =
                Program.java(ColdStart.class, effort.of(10, 30), tasks).run();
        Findings findings = new Findings();
        for (int steps : MILLION_STEPS) {
            Samples bare = measured.samples("BARE-" + steps, "bare JVM");
            Samples archive = measured.samples("POOL_WITH_ARCHIVE-" + steps, "pool, archive");
            Samples without = measured.samples("POOL-" + steps, "pool, no archive");
            findings.add(new Figure("cold-start-%dm-steps".formatted(steps), "ms", archive, bare, Goal.atMost(1.25)))
                    .add(new Figure(
                            "cold-start-%dm-steps-no-archive".formatted(steps), "ms", without, bare, Goal.none()));
        }
        return findings;
    }
}
