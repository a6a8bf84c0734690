package dev.loomscope.demos;

import dev.loomscope.core.TaskKind;
import dev.loomscope.event.ScopeEvent;
import dev.loomscope.event.ScopeListener;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Listens to a scope and draws what ran when: one lane for each thread or worker, one bar for each task on it. */
final class Timeline implements ScopeListener {

    private static final int LABEL = 34;
    private static final int WIDTH = 62;

    private final ConcurrentLinkedQueue<ScopeEvent> events = new ConcurrentLinkedQueue<>();

    /** A task on its lane. */
    private record Bar(TaskKind kind, String runner, Instant start, Instant end) {}

    @Override
    public void onEvent(ScopeEvent event) {
        events.add(event);
    }

    /** Draws what was heard so far: call it when the scope is closed. */
    List<String> draw() {
        List<Bar> bars = bars();
        if (bars.isEmpty()) {
            return List.of("(nothing ran)");
        }
        Instant from = events.stream()
                .map(ScopeEvent::at)
                .min(Comparator.naturalOrder())
                .orElseThrow();
        Instant to = bars.stream().map(Bar::end).max(Comparator.naturalOrder()).orElseThrow();
        long span = Math.max(1, Duration.between(from, to).toNanos());
        List<String> lines = new ArrayList<>();
        String end = "%d ms".formatted(Duration.between(from, to).toMillis());
        lines.add(" ".repeat(LABEL) + "0" + " ".repeat(WIDTH - 1 - end.length()) + end);
        lanes(bars)
                .forEach((runner, lane) -> lines.add(label(lane.get(0).kind(), runner) + drawLane(lane, from, span)));
        return lines;
    }

    private List<Bar> bars() {
        Map<Long, ScopeEvent.SubtaskStarted> started = new HashMap<>();
        List<Bar> bars = new ArrayList<>();
        for (ScopeEvent event : events) {
            switch (event) {
                case ScopeEvent.SubtaskStarted start -> started.put(start.id(), start);
                case ScopeEvent.SubtaskFinished end -> addBar(started.get(end.id()), end, bars);
                case ScopeEvent.SubtaskCancelled end -> addBar(started.get(end.id()), end, bars);
                default -> {} // about no running task
            }
        }
        bars.sort(Comparator.comparing(Bar::kind, Comparator.reverseOrder()).thenComparing(Bar::start));
        return bars;
    }

    private static void addBar(ScopeEvent.@Nullable SubtaskStarted start, ScopeEvent end, List<Bar> bars) {
        if (start != null) {
            bars.add(new Bar(start.kind(), start.runner(), start.at(), end.at()));
        }
    }

    private static Map<String, List<Bar>> lanes(List<Bar> bars) {
        return bars.stream().collect(Collectors.groupingBy(Bar::runner, LinkedHashMap::new, Collectors.toList()));
    }

    private static String label(TaskKind kind, String runner) {
        return ("  %-9s" + "%-" + (LABEL - 11) + "s").formatted(kind, Terminal.fit(runner, LABEL - 12));
    }

    private static String drawLane(List<Bar> lane, Instant from, long span) {
        StringBuilder drawn = new StringBuilder(" ".repeat(WIDTH));
        for (Bar bar : lane) {
            int first = column(bar.start(), from, span);
            int last = Math.max(first + 1, column(bar.end(), from, span));
            for (int column = first + 1; column < last; column++) {
                drawn.setCharAt(column, fill(bar.kind()));
            }
            drawn.setCharAt(first, '[');
            drawn.setCharAt(Math.min(last, WIDTH - 1), ']');
        }
        return drawn.toString().stripTrailing();
    }

    private static int column(Instant at, Instant from, long span) {
        return (int) Math.min(WIDTH - 1, Duration.between(from, at).toNanos() * (WIDTH - 1) / span);
    }

    private static char fill(TaskKind kind) {
        return switch (kind) {
            case IO -> '-';
            case BLOCKING -> '=';
            case CPU -> '#';
        };
    }
}
