package dev.loomscope.benchmarks;

import java.awt.Color;
import java.io.IOException;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;

/** Draws a {@link Plot} with XChart. */
final class PlotPicture {

    private static final int WIDTH = 760;
    private static final int HEIGHT = 380;

    private PlotPicture() {}

    /** Returns the picture as a PNG file. */
    static byte[] png(Plot plot) throws IOException {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title(plot.title())
                .xAxisTitle(plot.x())
                .yAxisTitle(plot.y())
                .build();
        chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
        chart.getStyler().setChartBackgroundColor(Color.WHITE);
        chart.getStyler().setXAxisLogarithmic(plot.logarithmicX());
        chart.getStyler().setYAxisLogarithmic(plot.logarithmicY());
        if (!plot.logarithmicY()) {
            chart.getStyler().setYAxisMin(0.0);
        }
        for (Plot.Curve curve : plot.curves()) {
            double[] x = curve.points().stream().mapToDouble(Plot.Point::x).toArray();
            double[] y = curve.points().stream().mapToDouble(Plot.Point::y).toArray();
            chart.addSeries(curve.name(), x, y);
        }
        return ChartEncoder.getBytes(chart, "png");
    }
}
