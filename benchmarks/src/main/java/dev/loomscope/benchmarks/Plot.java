package dev.loomscope.benchmarks;

import java.util.ArrayList;
import java.util.List;

/**
 * Curves in one picture.
 *
 * @param logarithmicX whether a step on this axis is a factor
 * @param logarithmicY the same of the other axis
 */
record Plot(String title, String x, String y, boolean logarithmicX, boolean logarithmicY, List<Curve> curves) {

    /** Points that are joined, in the order of their x. */
    record Curve(String name, List<Point> points) {}

    /** One measured point. */
    record Point(double x, double y) {}

    Plot {
        curves = List.copyOf(curves);
    }

    /** The samples of the sides in the order in which they were taken: a trend or an outlier is seen there. */
    static Plot ofSamples(String title, String unit, List<Samples> sides) {
        List<Curve> curves = new ArrayList<>();
        for (Samples side : sides) {
            List<Point> points = new ArrayList<>();
            for (int i = 0; i < side.values().size(); i++) {
                points.add(new Point(i + 1.0, side.values().get(i)));
            }
            curves.add(new Curve(side.of(), points));
        }
        return new Plot(title, "sample", unit, false, false, curves);
    }
}
