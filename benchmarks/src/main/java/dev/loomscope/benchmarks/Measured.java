package dev.loomscope.benchmarks;

import dev.loomscope.benchmarks.Plot.Curve;
import dev.loomscope.benchmarks.Plot.Point;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What programs have measured: series of samples and points of curves, by name. A program prints a line for each, {@code SAMPLE name
 * value} or {@code POINT name x y}, and this reads them. Not thread-safe.
 */
final class Measured {

    private static final String SAMPLE = "SAMPLE";
    private static final String POINT = "POINT";

    private final Map<String, List<Double>> samples = new LinkedHashMap<>();
    private final Map<String, List<Point>> points = new LinkedHashMap<>();
    private final List<String> said = new ArrayList<>();

    /** On the side of the program: says a sample. */
    static void say(String name, double value) {
        System.out.printf(Locale.ROOT, "%s %s %s%n", SAMPLE, name, value);
    }

    /** On the side of the program: says a point. */
    static void say(String name, double x, double y) {
        System.out.printf(Locale.ROOT, "%s %s %s %s%n", POINT, name, x, y);
    }

    void read(String line) {
        String[] words = line.split(" ", -1);
        if (words[0].equals(SAMPLE) && words.length == 3) {
            add(words[1], Double.parseDouble(words[2]));
        } else if (words[0].equals(POINT) && words.length == 4) {
            points.computeIfAbsent(words[1], name -> new ArrayList<>())
                    .add(new Point(Double.parseDouble(words[2]), Double.parseDouble(words[3])));
        } else {
            said.add(line);
        }
    }

    void add(String name, double value) {
        samples.computeIfAbsent(name, unused -> new ArrayList<>()).add(value);
    }

    void addAll(Measured others) {
        others.samples.forEach((name, values) ->
                samples.computeIfAbsent(name, unused -> new ArrayList<>()).addAll(values));
        others.points.forEach((name, values) ->
                points.computeIfAbsent(name, unused -> new ArrayList<>()).addAll(values));
        said.addAll(others.said);
    }

    /** The samples of this name, called otherwise in the report. */
    Samples samples(String name, String of) {
        return new Samples(of, samples.getOrDefault(name, List.of()));
    }

    boolean has(String name) {
        return samples.containsKey(name);
    }

    /** All points by name: of those with the same x, the median. */
    List<Curve> curves() {
        List<Curve> curves = new ArrayList<>();
        points.forEach((name, all) -> {
            Map<Double, List<Double>> byX = new TreeMap<>();
            all.forEach(point ->
                    byX.computeIfAbsent(point.x(), x -> new ArrayList<>()).add(point.y()));
            List<Point> medians = new ArrayList<>();
            byX.forEach((x, values) -> medians.add(new Point(x, new Samples(name, values).median())));
            curves.add(new Curve(name, medians));
        });
        return curves;
    }

    /** The other lines that were printed. */
    List<String> said() {
        return said;
    }
}
