package dev.loomscope.benchmarks;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Measures everything, or what was asked for: prints a table and a line {@code RATIO} for each figure, and writes a page with plots.
 *
 * <p>Arguments: a regular expression that the names of the comparisons to run contain ({@code .*}); {@code --full} for many samples
 * and large sizes.
 */
public final class Bench {

    private static final Path REPORT = Path.of("benchmarks", "target", "report");

    private static final List<Comparison> ALL = List.of(
            new ForkJoinIo(),
            new BlockedMemory(),
            new ForkJoinBlocking(),
            new ClassificationCost(),
            new CpuRoundTrip(),
            new CpuThroughput(),
            new WorkerGain(),
            new FirstResult(),
            new PayloadBandwidth(),
            new PayloadMemory(),
            new ObjectGraphs(),
            new MapItems(),
            new MixedWorkFromShell(),
            new IdleWorkers(),
            new ManyWorkers(),
            new KillLatency(),
            new QueueGrowth());

    private Bench() {}

    /** Runs the comparisons; the exit code is 1 if one of them failed to measure. Falling short of a goal is no failure. */
    public static void main(String[] args) throws Exception {
        List<String> arguments = List.of(args);
        Effort effort = arguments.contains("--full") ? Effort.FULL : Effort.SHORT;
        Pattern wanted = Pattern.compile(arguments.stream()
                .filter(argument -> !argument.startsWith("--"))
                .findFirst()
                .orElse(".*"));
        Report report = new Report(effort);
        for (Comparison comparison : ALL) {
            if (wanted.matcher(comparison.name()).find()) {
                report.add(measure(comparison, effort));
            }
        }
        if (report.sections().isEmpty()) {
            throw new IllegalArgumentException("no comparison has a name with '%s' in it: there are %s"
                    .formatted(wanted, ALL.stream().map(Comparison::name).toList()));
        }
        System.out.println();
        report.print();
        System.out.printf("report: %s%n", ReportPage.write(report, REPORT).toAbsolutePath());
        System.exit(report.hasFailures() ? 1 : 0); // a library's thread must not keep it
    }

    private static void profileIfShort(Comparison comparison, Findings findings) throws Exception {
        Optional<Program> ours = comparison.ours();
        if (findings.fallShort() && ours.isPresent()) {
            findings.profile(Profile.of(ours.get()));
        }
    }

    /** One that fails does not keep the others from being run: what has failed is in the report. */
    private static Report.Section measure(Comparison comparison, Effort effort) throws InterruptedException {
        System.out.printf("%s ...", comparison.name());
        System.out.flush();
        long start = System.nanoTime();
        Findings findings = new Findings();
        String failure = "";
        try {
            findings = comparison.run(effort);
            profileIfShort(comparison, findings);
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            failure = e.getCause() == null ? e.toString() : "%s, caused by %s".formatted(e, e.getCause());
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf(Locale.ROOT, " %.0f s %s%n", seconds, failure);
        for (Figure figure : findings.figures()) { // at once: a run that is stopped has shown what it had
            System.out.printf(
                    Locale.ROOT,
                    "    %s %.3f (%s) %s%n",
                    figure.name(),
                    figure.ratio(),
                    figure.goal().text(),
                    figure.verdict());
        }
        findings.skipped().forEach(skipped -> System.out.printf("SKIPPED %s%n", skipped));
        return new Report.Section(comparison, findings, seconds, failure);
    }
}
