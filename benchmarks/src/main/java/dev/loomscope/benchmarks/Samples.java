package dev.loomscope.benchmarks;

import java.util.Collection;
import java.util.List;

/**
 * What was measured of one side of a comparison.
 *
 * @param of whose they are, as the report calls it
 * @param values in the order in which they were taken, at least one
 */
record Samples(String of, List<Double> values) {

    Samples {
        if (values.isEmpty()) {
            throw new IllegalArgumentException("'%s' has no samples: its program printed none".formatted(of));
        }
        values = List.copyOf(values);
    }

    /** A bound that is given and not measured. */
    static Samples limit(double value) {
        return new Samples("limit", List.of(value));
    }

    static Samples of(String of, Collection<Double> values) {
        return new Samples(of, List.copyOf(values));
    }

    double median() {
        return quantile(0.5);
    }

    /** The smallest sample that so many of all do not exceed: 0.99 for the 99th percentile. The median of an even number is a mean. */
    double quantile(double quantile) {
        List<Double> sorted = values.stream().sorted().toList();
        int size = sorted.size();
        if (quantile == 0.5 && size % 2 == 0) {
            return (sorted.get(size / 2 - 1) + sorted.get(size / 2)) / 2;
        }
        int index = (int) Math.ceil(quantile * size) - 1;
        return sorted.get(Math.clamp(index, 0, size - 1));
    }
}
