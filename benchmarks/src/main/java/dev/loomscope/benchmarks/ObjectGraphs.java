package dev.loomscope.benchmarks;

import dev.loomscope.MixedScope;
import dev.loomscope.ScopeConfig;
import dev.loomscope.core.TaskKind;
import dev.loomscope.process.ProcessPool;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Figure: small object graphs to a worker and back, next to the JDK's serialization of the same in one JVM. Its main measures both;
 * argument: how many samples.
 */
public final class ObjectGraphs implements Comparison {

    private static final int ORDERS = 100;
    private static final int TRIPS = 200;
    private static final int WARM_UP = 5;

    /** Something with a few fields and a list. */
    private record Order(long id, String customer, List<Line> lines) implements Serializable {}

    /** Something in the list. */
    private record Line(String article, int pieces, double price) implements Serializable {}

    /** Measures both sides: us per round trip. */
    public static void main(String[] args) throws Exception {
        List<Order> orders = orders();
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1))) {
            Map<String, Turns.Side> sides = new LinkedHashMap<>();
            sides.put("ours", () -> micros(orders, graph -> thereAndBack(pool, graph)));
            sides.put("serialization", () -> micros(orders, graph -> copy(copy(graph))));
            Turns.inThisJvm(WARM_UP, Integer.parseInt(args[0]), sides);
        }
    }

    @Override
    public String name() {
        return "payload-object-graph";
    }

    @Override
    public String about() {
        return "A list of 100 orders with three lines each, records of strings and numbers, is the argument of a CPU task, which"
                + " returns it. Beside it: the same graph written and read twice by the JDK's serialization in one JVM, which is what"
                + " any transport with that format pays at least. Samples of 200 trips, five of them warm-up, sides in turns.";
    }

    @Override
    public Optional<Program> ours() {
        return Optional.of(Program.java(ObjectGraphs.class, 10));
    }

    @Override
    public Findings run(Effort effort) throws Exception {
        Measured measured = Turns.ofPrograms(1, List.of(Program.java(ObjectGraphs.class, effort.of(10, 40))));
        Samples ours = measured.samples("ours", "CPU subtask");
        Samples twice = measured.samples("serialization", "written and read twice");
        return new Findings()
                .add(new Figure("payload-object-graph", "us", ours, twice, Goal.none()))
                .add(Plot.ofSamples("100 orders there and back", "us", List.of(ours, twice)));
    }

    /** What brings a graph there and back. */
    @FunctionalInterface
    private interface Way {
        List<Order> go(List<Order> graph) throws Exception;
    }

    private static double micros(List<Order> orders, Way way) throws Exception {
        long start = System.nanoTime();
        for (int i = 0; i < TRIPS; i++) {
            if (!way.go(orders).equals(orders)) {
                throw new IllegalStateException("what came back is not what was sent");
            }
        }
        return (System.nanoTime() - start) / 1e3 / TRIPS;
    }

    private static List<Order> thereAndBack(ProcessPool pool, List<Order> orders) throws Exception {
        try (var scope = MixedScope.<List<Order>>open(ScopeConfig.defaults().withCpuBackend(pool))) {
            var back = scope.fork(TaskKind.CPU, ObjectGraphs::same, orders);
            scope.join();
            return back.get();
        }
    }

    private static List<Order> same(List<Order> orders) {
        return orders;
    }

    @SuppressWarnings("unchecked")
    private static List<Order> copy(List<Order> graph) throws IOException, ClassNotFoundException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(graph);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            return (List<Order>) in.readObject();
        }
    }

    private static List<Order> orders() {
        List<Order> orders = new ArrayList<>();
        for (int i = 0; i < ORDERS; i++) {
            List<Line> lines = new ArrayList<>();
            for (int j = 0; j < 3; j++) {
                lines.add(new Line("article " + (i * 3 + j), j + 1, i * 1.25));
            }
            orders.add(new Order(i, "customer " + i, lines));
        }
        return orders;
    }
}
