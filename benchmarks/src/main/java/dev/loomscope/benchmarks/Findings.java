package dev.loomscope.benchmarks;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What one comparison has found. Not thread-safe. */
final class Findings {

    private final List<Figure> figures = new ArrayList<>();
    private final List<Plot> plots = new ArrayList<>();
    private final List<String> skipped = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private @Nullable Profile profile; // null if none was made

    Findings add(Figure figure) {
        figures.add(figure);
        return this;
    }

    Findings add(Plot plot) {
        plots.add(plot);
        return this;
    }

    /** Something was not run, and why: said loudly, since a table does not show what is not in it. */
    Findings skip(String what, String reason) {
        skipped.add("%s: %s".formatted(what, reason));
        return this;
    }

    /** A sentence for the report. */
    Findings note(String sentence) {
        notes.add(sentence);
        return this;
    }

    /** Where our time goes. */
    Findings profile(Profile measured) {
        profile = measured;
        return this;
    }

    boolean fallShort() {
        return figures.stream().anyMatch(Figure::fallsShort);
    }

    List<Figure> figures() {
        return Collections.unmodifiableList(figures);
    }

    List<Plot> plots() {
        return Collections.unmodifiableList(plots);
    }

    List<String> skipped() {
        return Collections.unmodifiableList(skipped);
    }

    List<String> notes() {
        return Collections.unmodifiableList(notes);
    }

    @Nullable
    Profile profile() {
        return profile;
    }
}
