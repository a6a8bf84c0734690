package dev.loomscope.benchmarks;

import dev.loomscope.MixedScope;
import dev.loomscope.ScopeConfig;
import dev.loomscope.core.TaskKind;
import dev.loomscope.process.ProcessPool;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Figure: an array of 64 MiB to a worker and back, next to the same over a raw socket. Its main is our side; argument: how many samples.
 */
public final class PayloadBandwidth implements Comparison {

    private static final int MIB = 64;
    private static final int BYTES = MIB << 20;
    private static final int WARM_UP = 5;

    /** Measures our side: MiB per second, both directions together. */
    public static void main(String[] args) throws Exception {
        try (ProcessPool pool =
                ProcessPool.open(c -> c.withWorkers(1).withMaxHeapMiB(1024).withMaxResultMiB(512))) {
            Turns.inThisJvm(
                    WARM_UP,
                    Integer.parseInt(args[0]),
                    Map.of("bytes", () -> bytes(pool), "doubles", () -> doubles(pool)));
        }
    }

    @Override
    public String name() {
        return "payload";
    }

    @Override
    public String about() {
        return "An array of 64 MiB is the argument of a CPU task, which returns it: MiB per second, there and back. The limit: two"
                + " plain JVMs that pass such an array to and fro over a Unix-domain socket, from heap to heap. Five rounds of"
                + " warm-up; each side in processes of its own, in turns.";
    }

    @Override
    public String whyShort() {
        return "The array is copied into the socket and out of it on both sides as in the raw exchange, but the"
                + " task's own is copied once more at the fork, which takes it as it is then.";
    }

    @Override
    public Optional<Program> ours() {
        return Optional.of(Program.java(List.of("-Xmx2g"), PayloadBandwidth.class, 10));
    }

    @Override
    public Findings run(Effort effort) throws Exception {
        int samples = effort.of(5, 20);
        Measured measured = Turns.ofPrograms(
                effort.of(2, 5),
                List.of(
                        Program.java(List.of("-Xmx2g"), PayloadBandwidth.class, samples),
                        Program.java(List.of("-Xmx2g"), SocketBulk.class, samples, MIB)));
        Samples raw = measured.samples("raw", "raw socket");
        Samples bytes = measured.samples("bytes", "byte[]");
        Samples doubles = measured.samples("doubles", "double[]");
        return new Findings()
                .add(new Figure("payload-bytes", "MiB/s", bytes, raw, Goal.atLeast(0.4)))
                .add(new Figure("payload-doubles", "MiB/s", doubles, raw, Goal.atLeast(0.4)))
                .add(Plot.ofSamples("64 MiB there and back", "MiB per second", List.of(bytes, doubles, raw)));
    }

    private static double bytes(ProcessPool pool) throws Exception {
        byte[] sent = new byte[BYTES];
        sent[0] = 1;
        sent[sent.length - 1] = 2;
        long start = System.nanoTime();
        byte[] back = thereAndBack(pool, sent);
        long took = System.nanoTime() - start;
        return mibPerSecond(took, back.length == sent.length && back[0] == 1 && back[back.length - 1] == 2);
    }

    private static double doubles(ProcessPool pool) throws Exception {
        double[] sent = new double[BYTES / Double.BYTES];
        sent[0] = 1;
        sent[sent.length - 1] = 2;
        long start = System.nanoTime();
        double[] back = thereAndBack(pool, sent);
        long took = System.nanoTime() - start;
        return mibPerSecond(took, back.length == sent.length && back[0] == 1 && back[back.length - 1] == 2);
    }

    private static double mibPerSecond(long nanos, boolean same) {
        if (!same) {
            throw new IllegalStateException("what came back is not what was sent");
        }
        return 2.0 * MIB / (nanos / 1e9);
    }

    private static <A> A thereAndBack(ProcessPool pool, A array) throws Exception {
        try (var scope = MixedScope.<A>open(ScopeConfig.defaults().withCpuBackend(pool))) {
            var back = scope.fork(TaskKind.CPU, PayloadBandwidth::same, array);
            scope.join();
            return back.get();
        }
    }

    private static <A> A same(A array) {
        return array;
    }
}
