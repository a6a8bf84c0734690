package dev.loomscope.benchmarks;

import dev.loomscope.MixedScope;
import dev.loomscope.ScopeConfig;
import dev.loomscope.core.TaskKind;
import dev.loomscope.process.ProcessPool;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Figure: a CPU task that does nothing, to a worker and back, one at a time, next to two plain JVMs with a socket between them, to the
 * same in C and to Python's pools. Its main is our side; argument: how many samples.
 */
public final class CpuRoundTrip implements Comparison {

    private static final int WARM_UP = 10_000;
    private static final int TRIPS_OF_A_SCOPE = 1_000;

    /** Measures our side. */
    public static void main(String[] args) throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1))) {
            ScopesInTurn scopes = new ScopesInTurn(pool);
            RoundTrips.measure("ours", WARM_UP, Integer.parseInt(args[0]), scopes::trip);
            scopes.end();
        }
    }

    @Override
    public String name() {
        return "cpu-round-trip";
    }

    @Override
    public String about() {
        return "A task that returns 1 is forked and awaited, one at a time, with one worker. A sample is the median of 1,000; 10,000"
                + " trips of warm-up (Python 2,000). The limit: two plain JVMs that pass 8 bytes to and fro over a Unix-domain socket."
                + " Each side in processes of its own, in turns.";
    }

    @Override
    public String whyShort() {
        return "The raw socket passes its bytes between two threads that do nothing else, which the system keeps on one"
                + " processor. A task passes three: the thread that forks it and waits, the task's thread in the worker, and the"
                + " thread that reads in the parent and ends the subtask; and a cancel has to find it at every moment.";
    }

    @Override
    public Optional<Program> ours() {
        return Optional.of(Program.java(CpuRoundTrip.class, 20));
    }

    @Override
    public Findings run(Effort effort) throws Exception {
        String samples = String.valueOf(effort.of(4, 10));
        Findings findings = new Findings();
        List<Program> programs = new ArrayList<>(
                List.of(Program.java(CpuRoundTrip.class, samples), Program.java(SocketPingPong.class, samples)));
        OtherLanguages.pingPongInC(effort.of(4, 10))
                .ifPresentOrElse(programs::add, () -> findings.skip("cpu-round-trip-vs-c", OtherLanguages.NO_C));
        OtherLanguages.python("round-trip", "executor", samples)
                .ifPresentOrElse(
                        programs::add,
                        () -> findings.skip("cpu-round-trip-vs-process-pool-executor", OtherLanguages.NO_PYTHON));
        OtherLanguages.python("round-trip", "pool", samples)
                .ifPresentOrElse(
                        programs::add,
                        () -> findings.skip("cpu-round-trip-vs-multiprocessing-pool", OtherLanguages.NO_PYTHON));
        return figures(Turns.ofPrograms(effort.of(3, 5), programs), findings);
    }

    private static Findings figures(Measured measured, Findings findings) {
        Samples ours = measured.samples("ours", "CPU subtask");
        List<Samples> sides = new ArrayList<>(List.of(ours));
        List<Side> peers = List.of(
                new Side("raw", "cpu-round-trip", "raw socket, Java", Goal.atMost(1.6)),
                new Side("c", "cpu-round-trip-vs-c", "raw socket, C", Goal.none()),
                new Side(
                        "executor", "cpu-round-trip-vs-process-pool-executor", "ProcessPoolExecutor", Goal.atMost(0.5)),
                new Side("pool", "cpu-round-trip-vs-multiprocessing-pool", "Pool.apply", Goal.none()));
        for (Side peer : peers) {
            if (measured.has(peer.series())) {
                Samples theirs = measured.samples(peer.series(), peer.label());
                findings.add(new Figure(peer.figure(), "us", ours, theirs, peer.goal()));
                sides.add(theirs);
            }
        }
        return findings.add(Plot.ofSamples("round trip, one at a time", "us", sides));
    }

    private record Side(String series, String figure, String label, Goal goal) {}

    /** A scope for some thousand trips, then the next: a scope remembers its subtasks. Used by one thread. */
    private static final class ScopesInTurn {

        private final ScopeConfig config;
        private MixedScope<Integer, ?> scope;
        private int trips;

        ScopesInTurn(ProcessPool pool) {
            config = ScopeConfig.defaults().withCpuBackend(pool);
            scope = MixedScope.open(config);
        }

        int trip() throws Exception {
            if (++trips % TRIPS_OF_A_SCOPE == 0) {
                end();
                scope = MixedScope.open(config);
            }
            return scope.fork(TaskKind.CPU, NoOp::one).await();
        }

        void end() throws Exception {
            scope.join();
            scope.close();
        }
    }
}
