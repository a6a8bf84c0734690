package dev.loomscope.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Writes a {@link Report} as one HTML page that needs no other file. */
final class ReportPage {

    private static final String HEAD = """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>loom-scope: how fast</title><style>
            body { font: 15px/1.45 sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em; color: #222 }
            table { border-collapse: collapse; margin: 1em 0 }
            th, td { padding: .25em .8em; border-bottom: 1px solid #ddd; text-align: left }
            td.n { text-align: right; font-variant-numeric: tabular-nums }
            .short, .missing { color: #a40000; font-weight: bold }
            .reached { color: #1a6b1a }
            img { max-width: 100%; display: block; margin: 1em 0 }
            </style></head><body>
            """;

    private final StringBuilder page = new StringBuilder(HEAD);
    private final Report report;

    private ReportPage(Report report) {
        this.report = report;
    }

    /** Writes {@code index.html} into the folder, which is made if there is none, and returns its path. */
    static Path write(Report report, Path folder) throws IOException {
        ReportPage page = new ReportPage(report);
        page.head();
        for (Report.Section section : report.sections()) {
            page.section(section);
        }
        Files.createDirectories(folder);
        return Files.writeString(folder.resolve("index.html"), page.page.append("</body></html>\n"));
    }

    private void head() {
        add("<h1>loom-scope: how fast</h1>\n<table>\n");
        for (Map.Entry<String, String> fact : report.machine().entrySet()) {
            add("<tr><th>%s</th><td>%s</td></tr>%n", fact.getKey(), fact.getValue());
        }
        add(
                "<tr><th>run</th><td>%s</td></tr>%n</table>%n",
                report.effort().name().toLowerCase(Locale.ROOT));
        add("<p>Medians. A ratio is ours divided by theirs, or by the limit that is named there.</p>\n");
        table(report.figures());
        missing(report.missing());
    }

    private void section(Report.Section section) throws IOException {
        add(
                "<h2>%s</h2>%n<p>%s</p>%n",
                section.comparison().name(), section.comparison().about());
        missing(section.findings().skipped());
        if (!section.failure().isEmpty()) {
            missing(List.of(section.failure()));
        }
        samples(section.findings().figures());
        for (String note : section.findings().notes()) {
            add("<p>%s</p>%n", note);
        }
        for (Plot plot : section.findings().plots()) {
            picture(plot);
        }
        if (section.findings().fallShort()) {
            add("<p><b>Why it falls short.</b> %s</p>%n", reason(section.comparison()));
        }
        Profile profile = section.findings().profile();
        if (profile != null) {
            profile(profile);
        }
    }

    private static String reason(Comparison comparison) {
        String reason = comparison.whyShort();
        return reason.isEmpty() ? "Not known; the machine may have been busy." : reason;
    }

    private void table(List<Figure> figures) {
        page.append("<table>\n<tr><th>figure</th><th>ratio</th><th>goal</th><th>ours</th><th>theirs</th>"
                + "<th>unit</th><th></th></tr>\n");
        for (Figure figure : figures) {
            add(
                    "<tr><td>%s</td><td class=n>%s</td><td class=n>%s</td><td class=n>%s</td><td class=n>%s</td><td>%s</td>",
                    figure.name(),
                    String.format(Locale.ROOT, "%.3f", figure.ratio()),
                    figure.goal().text(),
                    Figure.number(figure.ours().median()),
                    Figure.number(figure.theirs().median()),
                    figure.unit());
            add("<td class='%s'>%s</td></tr>%n", figure.fallsShort() ? "short" : "reached", figure.verdict());
        }
        page.append("</table>\n");
    }

    /** The spread of both sides of each figure. */
    private void samples(List<Figure> figures) {
        if (figures.isEmpty()) {
            return;
        }
        page.append("<table>\n<tr><th>figure</th><th>side</th><th>samples</th><th>least</th><th>quartile</th>"
                + "<th>median</th><th>quartile</th><th>most</th><th>unit</th></tr>\n");
        for (Figure figure : figures) {
            for (Samples side : List.of(figure.ours(), figure.theirs())) {
                add("<tr><td>%s</td><td>%s</td>", figure.name(), side.of());
                add("<td class=n>%s</td>", side.values().size());
                for (double quantile : List.of(0.0, 0.25, 0.5, 0.75, 1.0)) {
                    add("<td class=n>%s</td>", Figure.number(side.quantile(quantile)));
                }
                add("<td>%s</td></tr>%n", figure.unit());
            }
        }
        page.append("</table>\n");
    }

    private void missing(List<String> lines) {
        for (String line : lines) {
            add("<p class=missing>%s</p>%n", line);
        }
    }

    private void picture(Plot plot) throws IOException {
        String png = Base64.getEncoder().encodeToString(PlotPicture.png(plot));
        add("<img alt='%s' src='data:image/png;base64,%s'>%n", plot.title(), png);
    }

    private void profile(Profile profile) {
        add(
                "<p>Profiled: of %s samples of our side in this JVM, workers not included, so many were in these",
                profile.samples());
        add(" methods, and below these of ours:</p>%n<pre>%s</pre>%n", String.join("\n", profile.lines()));
    }

    /** The arguments are text, not HTML. */
    private void add(String html, Object... arguments) {
        Object[] escaped = new Object[arguments.length];
        for (int i = 0; i < arguments.length; i++) {
            escaped[i] = String.valueOf(arguments[i])
                    .replace("&", "&amp;")
                    .replace("<", "&lt;")
                    .replace("'", "&#39;");
        }
        page.append(String.format(Locale.ROOT, html, escaped));
    }
}
