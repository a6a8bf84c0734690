package dev.loomscope.benchmarks;

import java.util.List;

/** Figure: the heap that an IO subtask takes while it waits, next to the JDK's scope. */
final class BlockedMemory implements Comparison {

    @Override
    public String name() {
        return "blocked-subtask-memory";
    }

    @Override
    public String about() {
        return "Subtasks that all wait at the same time on one latch: the heap in use after a collection, before and while they wait,"
                + " divided by their number. One unmeasured round in each fork, sides in turns.";
    }

    @Override
    public String whyShort() {
        return "A subtask is a handle with results, times, a name and a reason for its end, which the JDK's"
                + " subtask is not; both have a virtual thread, whose stack is most of it.";
    }

    @Override
    public Findings run(Effort effort) throws Exception {
        String subtasks = String.valueOf(effort.of(200_000, 1_000_000));
        Measured measured = JmhTurns.run(
                2,
                BlockedSubtasksBenchmark.class,
                List.of("mixedScope", "jdkScope"),
                options -> options.param("subtasks", subtasks).measurementIterations(5));
        Samples ours = measured.samples("mixedScope.bytesPerSubtask", "MixedScope, IO");
        Samples jdk = measured.samples("jdkScope.bytesPerSubtask", "JDK scope");
        return new Findings()
                .add(new Figure("blocked-subtask-memory", "bytes", ours, jdk, Goal.atMost(1.2)))
                .add(new Figure(
                        "blocked-subtask-time",
                        "ms",
                        measured.samples("mixedScope", "MixedScope, IO"),
                        measured.samples("jdkScope", "JDK scope"),
                        Goal.none()))
                .note(subtasks + " subtasks.");
    }
}
