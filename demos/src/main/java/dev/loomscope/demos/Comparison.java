package dev.loomscope.demos;

import java.util.ArrayList;
import java.util.List;

/** A table of ways to do the same work: time, and speed-up against the first. */
final class Comparison {

    private final List<Row> rows = new ArrayList<>();

    private record Row(String way, long millis, String note) {}

    void add(String way, long millis, String note) {
        rows.add(new Row(way, millis, note));
    }

    void print() {
        System.out.printf("  %-34s %6s  %8s%n", "way", "ms", "speed-up");
        for (Row row : rows) {
            double speedUp = (double) rows.get(0).millis() / Math.max(1, row.millis());
            String line = "  %-34s %6d  %7.1fx  %s".formatted(row.way(), row.millis(), speedUp, row.note());
            System.out.println(line.stripTrailing());
        }
    }
}
