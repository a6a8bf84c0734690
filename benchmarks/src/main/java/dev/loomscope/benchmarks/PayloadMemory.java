package dev.loomscope.benchmarks;

import dev.loomscope.MixedScope;
import dev.loomscope.ScopeConfig;
import dev.loomscope.core.TaskKind;
import dev.loomscope.process.ProcessPool;
import java.time.Duration;
import java.util.List;

/**
 * Figure: how much heap the parent needs for an array of 64 MiB that it sends, or gets. Found by bisection: the smallest {@code -Xmx} in
 * which a program ends well. Its main is that program; arguments: {@code send}, {@code receive} or {@code nothing}, {@code bytes} or
 * {@code doubles}.
 */
public final class PayloadMemory implements Comparison {

    private static final int MIB = 64;
    private static final int BYTES = MIB << 20;
    private static final int LEAST = 8;
    private static final Duration PATIENCE = Duration.ofSeconds(20); // a JVM without memory may take for ever
    private static final int MOST = 8 + 4 * MIB;

    /** Sends an array to a worker, or gets one. */
    public static void main(String[] args) throws Exception {
        String direction = args[0];
        boolean bytes = args[1].equals("bytes");
        // Bounds that do not depend on the heap: what counts is what is used.
        try (ProcessPool pool = ProcessPool.open(
                c -> c.withWorkers(1).withMaxHeapMiB(512).withMaxResultMiB(512).withMaxQueuedBytes(1L << 30))) {
            try (var scope = MixedScope.<Object>open(ScopeConfig.defaults().withCpuBackend(pool))) {
                var subtask = direction.equals("send")
                        ? scope.fork(TaskKind.CPU, PayloadMemory::length, array(bytes))
                        : direction.equals("receive")
                                ? scope.fork(TaskKind.CPU, PayloadMemory::array, bytes)
                                : scope.fork(TaskKind.CPU, NoOp::one);
                scope.join();
                if (length(subtask.get()) < 1) {
                    throw new IllegalStateException("nothing has come back");
                }
            }
        }
    }

    @Override
    public String name() {
        return "payload-memory";
    }

    @Override
    public String about() {
        return "The smallest heap of the parent in which a program ends well that sends an array of 64 MiB to a worker, or gets one as"
                + " a result, without that in which it ends well with a task that does nothing; found by bisection to 2 MiB, G1."
                + " The array that the caller holds counts. One run for each size: it works or it does not.";
    }

    @Override
    public String whyShort() {
        return "The fork takes the array as it is at that moment, so that there is a second one until it is sent.";
    }

    @Override
    public Findings run(Effort effort) throws Exception {
        Findings findings = new Findings();
        int floor = smallestHeap("nothing", "bytes", LEAST);
        for (String direction : List.of("send", "receive")) {
            for (String type : List.of("bytes", "doubles")) {
                double needed = smallestHeap(direction, type, MIB) - floor;
                findings.add(new Figure(
                        "payload-memory-%s-%s".formatted(direction, type),
                        "MiB",
                        new Samples("heap needed", List.of(needed)),
                        new Samples("payload", List.of((double) MIB)),
                        Goal.atMost(1.3)));
            }
        }
        return findings.note("With a task that does nothing the program needs a heap of %d MiB.".formatted(floor));
    }

    private static int smallestHeap(String direction, String type, int least) throws Exception {
        int tooSmall = least - 2;
        int enough = MOST;
        while (enough - tooSmall > 2) {
            int tried = (enough + tooSmall) / 2;
            List<String> options = List.of("-XX:+UseG1GC", "-Xmx" + tried + "m");
            boolean endsWell =
                    Program.java(options, PayloadMemory.class, direction, type).endsWellWithin(PATIENCE);
            if (endsWell) {
                enough = tried;
            } else {
                tooSmall = tried;
            }
        }
        if (enough == MOST) {
            throw new IllegalStateException("%s %s does not even work in %d MiB".formatted(direction, type, MOST));
        }
        return enough;
    }

    private static Object array(boolean bytes) {
        return bytes ? new byte[BYTES] : new double[BYTES / Double.BYTES];
    }

    private static int length(Object value) {
        return value instanceof byte[] bytes ? bytes.length : value instanceof double[] doubles ? doubles.length : 1;
    }
}
