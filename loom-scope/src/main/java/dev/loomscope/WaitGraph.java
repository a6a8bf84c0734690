package dev.loomscope;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Who waits for whom, as far as the waits are ours, and whether somebody waits for himself in the end.
 *
 * <p>A node runs, or needs <em>all</em> or <em>any</em> of certain nodes to end, or stands in line at a limiter and needs <em>any</em>
 * permit of it. Running is progress. Who needs all is stuck if one of them is stuck, who needs any if all of them are. A limiter is stuck, and with it
 * its whole line, if as many of its holders are stuck as there are permits: the permits of the other holders are above
 * the number that it may give out. What is not shown to make progress by these rules, applied as often as they can be,
 * is stuck. Only those who wait become part of the graph, and it is walked in loops, not recursively, in time linear in
 * its edges.
 *
 * <p><b>Why a positive answer is true although nobody stands still meanwhile.</b> The first pass reads the graph while
 * it changes, so what it saw may never have been true at one moment. From what it found stuck we keep a proof: for the
 * start and everything in the proof, a stuck node that it needs, or as many stuck holders as the limiter has permits.
 * The proof rests on facts of four sorts: this node is in this wait ({@link All}), or in this place of a line and not
 * cancelled; this wait needs this node; this holder has its permit by this place; this limiter was not resized. A wait
 * and a place are new objects each time, a node does not come back to a wait that it has left, and resizes are counted:
 * a fact that has ended never becomes true again. The second pass looks at every fact of the proof again, and it begins
 * after the first has ended. A fact that was true in both was therefore true in between, so at the moment between the
 * passes all of them were true at once. At that moment nobody in the proof could go on before another one in the proof
 * had: they are stuck for good, unless somebody from outside interrupts, cancels or resizes. If a fact has changed, we
 * begin again.
 *
 * <p><b>Why no deadlock is missed</b>, but for one that a resize to fewer permits brings about: everybody makes its own
 * wait visible first and looks for a cycle then. Whoever is last to wait in a cycle sees all of it, and later it does
 * not change. Who only waits for somebody in a cycle, and is not in it, is not told: those in the cycle are.
 */
final class WaitGraph {

    /** Somebody who can wait: a subtask, or a thread. Known by identity. */
    interface Node {

        /** How messages call it. */
        String describe();

        /** What it waits for; null if it runs or has ended. Any thread; reads fields, takes no lock. */
        @Nullable
        Wait waitsFor();
    }

    /** What a node can wait for. */
    sealed interface Wait permits All, Any, Permit {}

    /**
     * A wait for the end of all these nodes. A new object for each wait.
     *
     * @param where the wait as messages say it, such as "in join of scope 'inner'"
     * @param nodes that have not ended; may be a live view, whose {@code contains} is quick. A node that has left never
     *     comes back
     */
    record All(String where, Collection<? extends Node> nodes) implements Wait {}

    /**
     * A wait for the end of any of these nodes: stuck if all of them are. A new object for each wait.
     *
     * @param where the wait as messages say it, such as "for a completion of scope 'inner', say"
     * @param nodes may be a live view; one that has ended stays in it until the one who waits has taken note
     */
    record Any(String where, Collection<? extends Node> nodes) implements Wait {}

    /**
     * A wait for a permit. Counts only while {@code waiter} stands in line and was not cancelled.
     *
     * @param limiter whose permit it is
     * @param waiter that stands in line there: the node itself, or what stands there for it
     */
    record Permit(Limiter limiter, Limiter.Waiter waiter) implements Wait {}

    /**
     * Part of a cycle: this one waits for the next one.
     *
     * @param who waits
     * @param waits how, in words that the name of the next one ends
     */
    record Step(String who, String waits) {}

    private final Node start;
    private final Object startPosition;
    private final IdentityHashMap<Object, Unit> units = new IdentityHashMap<>();
    private final Deque<Unit> unexplored = new ArrayDeque<>();

    private WaitGraph(Node start, Object startPosition) {
        this.start = start;
        this.startPosition = startPosition;
    }

    /**
     * Finds the cycle through {@code start}, who waits, if nobody in it can ever go on.
     *
     * @return who waits for whom, from {@code start} on; the last one waits for {@code start}. Empty if there is none
     */
    static Optional<List<Step>> cycleThrough(Node start) {
        while (Limiter.anyoneWaits()) {
            Object position = positionOf(start);
            if (position == null) {
                break;
            }
            WaitGraph graph = new WaitGraph(start, position);
            Unit root = graph.explore();
            graph.freeWhatMakesProgress();
            List<Edge> cycle = graph.cycleFrom(root);
            if (cycle.isEmpty()) {
                break;
            }
            if (graph.stillHolds(proof(root, cycle))) {
                return Optional.of(graph.steps(cycle));
            }
        }
        return Optional.empty();
    }

    // ---------------------------------------------------------------- first pass

    // Where a node stands: the All or Any that it is in, or its place in a line; null if it makes progress by itself.
    private static @Nullable Object positionOf(Node node) {
        return switch (node.waitsFor()) {
            case null -> null;
            case All all -> all;
            case Any any -> any;
            case Permit permit ->
                permit.waiter().isGone() ? null : permit.limiter().placeInLine(permit.waiter());
        };
    }

    /** What is stuck or not as a whole: a wait for all or for any, or a limiter with its line. */
    private static final class Unit {
        final Object key; // an All, an Any or a Limiter
        final List<Edge> edges = new ArrayList<>(); // to those it waits for, as far as they wait themselves
        final List<Unit> dependents = new ArrayList<>(); // the edges backwards
        int stuckEdges;
        int enoughToBeStuck = 1;
        long resizes;
        boolean free;

        Unit(Object key) {
            this.key = key;
        }
    }

    /**
     * That a unit waits for a node, which waits itself.
     *
     * @param position of the node
     * @param held by what the node holds its permit, if the unit is a limiter
     */
    private record Edge(Unit from, Node node, Object position, Limiter.@Nullable Place held, Unit to) {}

    private Unit unitAt(Object position) {
        Object key = position instanceof Limiter.Place place ? place.limiter : position;
        return units.computeIfAbsent(key, unused -> {
            Unit unit = new Unit(key);
            unexplored.add(unit);
            return unit;
        });
    }

    private Unit explore() {
        Unit root = unitAt(startPosition);
        for (Unit unit = unexplored.poll(); unit != null; unit = unexplored.poll()) {
            switch (unit.key) {
                case All all -> exploreAll(unit, all);
                case Any any -> exploreAny(unit, any);
                case Limiter limiter -> exploreLimiter(unit, limiter);
                default -> throw new AssertionError(unit.key);
            }
        }
        return root;
    }

    // One edge to each unit is enough, since one stuck node is; and the one that leads back to the start.
    private void exploreAll(Unit unit, All all) {
        Set<Unit> seen = new HashSet<>();
        for (Node node : all.nodes()) {
            Object position = positionOf(node);
            if (position != null && (seen.add(unitAt(position)) || position == startPosition)) {
                addEdge(unit, node, position, null);
            }
        }
    }

    // The first that runs is enough to go on.
    private void exploreAny(Unit unit, Any any) {
        int count = 0;
        for (Node node : any.nodes()) {
            Object position = positionOf(node);
            if (position == null) {
                unit.enoughToBeStuck = Integer.MAX_VALUE;
                return;
            }
            addEdge(unit, node, position, null);
            count++;
        }
        unit.enoughToBeStuck = Math.max(1, count);
    }

    private void exploreLimiter(Unit unit, Limiter limiter) {
        Limiter.Holders holders = limiter.waitingHolders();
        unit.enoughToBeStuck = holders.permits();
        unit.resizes = holders.resizes();
        for (Limiter.Place place : holders.waiting()) {
            Object position = positionOf(place.waiter);
            if (position != null) {
                addEdge(unit, place.waiter, position, place);
            }
        }
    }

    private void addEdge(Unit from, Node node, Object position, Limiter.@Nullable Place held) {
        Unit to = unitAt(position);
        from.edges.add(new Edge(from, node, position, held, to));
        from.stuckEdges++;
        to.dependents.add(from);
    }

    private void freeWhatMakesProgress() {
        Deque<Unit> freed = new ArrayDeque<>();
        units.values().forEach(unit -> freeIfNotStuck(unit, freed));
        for (Unit unit = freed.poll(); unit != null; unit = freed.poll()) {
            for (Unit dependent : unit.dependents) {
                dependent.stuckEdges--;
                freeIfNotStuck(dependent, freed);
            }
        }
    }

    private static void freeIfNotStuck(Unit unit, Deque<Unit> freed) {
        if (!unit.free && unit.stuckEdges < unit.enoughToBeStuck) {
            unit.free = true;
            freed.add(unit);
        }
    }

    // The shortest way from the start back to itself among what is stuck; breadth first.
    private List<Edge> cycleFrom(Unit root) {
        if (root.free) {
            return List.of();
        }
        Map<Unit, @Nullable Edge> cameBy = new HashMap<>();
        cameBy.put(root, null);
        Deque<Unit> reached = new ArrayDeque<>(List.of(root));
        for (Unit unit = reached.poll(); unit != null; unit = reached.poll()) {
            for (Edge edge : unit.edges) {
                if (edge.position == startPosition) {
                    return wayTo(edge, cameBy);
                }
                if (!edge.to.free && !cameBy.containsKey(edge.to)) {
                    cameBy.put(edge.to, edge);
                    reached.add(edge.to);
                }
            }
        }
        return List.of();
    }

    private static List<Edge> wayTo(Edge last, Map<Unit, @Nullable Edge> cameBy) {
        List<Edge> way = new ArrayList<>();
        for (Edge edge = last; edge != null; edge = cameBy.get(edge.from)) {
            way.add(edge);
        }
        Collections.reverse(way);
        return way;
    }

    // ---------------------------------------------------------------- second pass

    // For the root and each unit that the proof leads to, enough edges to what is stuck; those of the cycle first.
    private static List<Edge> proof(Unit root, List<Edge> cycle) {
        Map<Unit, Edge> onCycle = new HashMap<>();
        cycle.forEach(edge -> onCycle.put(edge.from, edge));
        List<Edge> proof = new ArrayList<>();
        Set<Unit> proven = new HashSet<>();
        proven.add(root);
        Deque<Unit> unproven = new ArrayDeque<>(proven);
        for (Unit unit = unproven.poll(); unit != null; unit = unproven.poll()) {
            Edge first = onCycle.get(unit);
            Stream<Edge> others = unit.edges.stream().filter(edge -> !edge.to.free && edge != first);
            List<Edge> enough = Stream.concat(Stream.ofNullable(first), others)
                    .limit(unit.enoughToBeStuck)
                    .toList();
            proof.addAll(enough);
            for (Edge edge : enough) {
                if (proven.add(edge.to)) {
                    unproven.add(edge.to);
                }
            }
        }
        return proof;
    }

    private boolean stillHolds(List<Edge> proof) {
        return positionOf(start) == startPosition
                && proof.stream().allMatch(WaitGraph::stillHolds)
                && proof.stream().map(Edge::from).distinct().allMatch(unit -> hasNoOther(unit, proof));
    }

    // Who waits for any of some nodes is stuck only if there are no others by now.
    private static boolean hasNoOther(Unit unit, List<Edge> proof) {
        if (!(unit.key instanceof Any any)) {
            return true;
        }
        Set<Node> known = Collections.newSetFromMap(new IdentityHashMap<>());
        proof.stream().filter(edge -> edge.from == unit).map(Edge::node).forEach(known::add);
        return known.containsAll(List.copyOf(any.nodes()));
    }

    private static boolean stillHolds(Edge edge) {
        boolean needed = switch (edge.from.key) {
            case All all -> all.nodes().contains(edge.node);
            case Any any -> any.nodes().contains(edge.node);
            case Limiter limiter -> edge.held != null && limiter.stillHeld(edge.from.resizes, edge.held);
            default -> throw new AssertionError(edge.from.key);
        };
        return needed && positionOf(edge.node) == edge.position;
    }

    // ---------------------------------------------------------------- in words

    private List<Step> steps(List<Edge> cycle) {
        List<Step> steps = new ArrayList<>();
        Node waiting = start;
        for (Edge edge : cycle) {
            steps.add(new Step(waiting.describe(), waits(edge.from)));
            waiting = edge.node;
        }
        return steps;
    }

    private static String waits(Unit unit) {
        if (unit.key instanceof All all) {
            return "waits %s for".formatted(all.where());
        }
        if (unit.key instanceof Any any) {
            return "waits %s for".formatted(any.where());
        }
        int permits = unit.enoughToBeStuck;
        return "waits for a permit of limiter '%s' (%s), held %sby"
                .formatted(
                        ((Limiter) unit.key).name(),
                        LimiterCalls.permits(permits),
                        permits == 1 ? "" : "among others ");
    }
}
