package dev.loomscope.benchmarks;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** All that a run has found: as a table and lines on the console here, as a page in {@link ReportPage}. Not thread-safe. */
final class Report {

    /**
     * One comparison and what became of it.
     *
     * @param failure why it found nothing, or an empty text
     */
    record Section(Comparison comparison, Findings findings, double seconds, String failure) {}

    private final Map<String, String> machine = Machine.facts();
    private final Effort effort;
    private final List<Section> sections = new ArrayList<>();

    Report(Effort effort) {
        this.effort = effort;
    }

    void add(Section section) {
        sections.add(section);
    }

    Effort effort() {
        return effort;
    }

    Map<String, String> machine() {
        return Collections.unmodifiableMap(machine);
    }

    List<Section> sections() {
        return Collections.unmodifiableList(sections);
    }

    List<Figure> figures() {
        return sections.stream()
                .flatMap(section -> section.findings().figures().stream())
                .toList();
    }

    /** What was not run, and what has failed, each with its reason. */
    List<String> missing() {
        return sections.stream()
                .flatMap(section -> Stream.concat(
                        section.findings().skipped().stream().map(skipped -> "SKIPPED " + skipped),
                        Stream.of(section.failure())
                                .filter(failure -> !failure.isEmpty())
                                .map(failure -> "FAILED %s: %s"
                                        .formatted(section.comparison().name(), failure))))
                .toList();
    }

    boolean hasFailures() {
        return sections.stream().anyMatch(section -> !section.failure().isEmpty());
    }

    /** Prints the table, a line for each figure, and what is missing. */
    void print() {
        machine.forEach((name, value) -> System.out.printf("%-12s %s%n", name, value));
        System.out.printf(
                "%n%-44s %9s %10s %12s %12s  %-10s %s%n", "figure", "ratio", "goal", "ours", "theirs", "unit", "");
        for (Figure figure : figures()) {
            System.out.printf(
                    Locale.ROOT,
                    "%-44s %9.3f %10s %12s %12s  %-10s %s%n",
                    figure.name(),
                    figure.ratio(),
                    figure.goal().text(),
                    Figure.number(figure.ours().median()),
                    Figure.number(figure.theirs().median()),
                    figure.unit(),
                    figure.verdict());
        }
        System.out.println();
        figures().forEach(figure -> System.out.println(figure.line()));
        missing().forEach(System.out::println);
        long inGoal =
                figures().stream().filter(figure -> !figure.verdict().isEmpty()).count();
        long fallShort = figures().stream().filter(Figure::fallsShort).count();
        System.out.printf("%d of %d goals reached%n", inGoal - fallShort, inGoal);
    }
}
