package dev.loomscope.benchmarks;

import java.util.Locale;

/**
 * One comparison, measured: ours next to theirs, or next to a limit.
 *
 * @param name in kebab-case, as the line {@code RATIO} has it
 * @param unit of both sides, without spaces
 */
record Figure(String name, String unit, Samples ours, Samples theirs, Goal goal) {

    /** The ratio of the medians. */
    double ratio() {
        return ours.median() / theirs.median();
    }

    /** What is said of it beside its goal. */
    String verdict() {
        if (goal instanceof Goal.None) {
            return "";
        }
        return goal.isMetBy(ratio()) ? "reached" : "short of goal";
    }

    boolean fallsShort() {
        return !goal.isMetBy(ratio());
    }

    /** For programs that read what a run prints. */
    String line() {
        return String.format(
                Locale.ROOT,
                "RATIO %s %.3f %s %s %s",
                name,
                ratio(),
                number(ours.median()),
                number(theirs.median()),
                unit);
    }

    /** With some four significant digits, never in powers of ten. */
    static String number(double value) {
        double size = Math.abs(value);
        int digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
        return String.format(Locale.ROOT, "%." + digits + "f", value);
    }
}
