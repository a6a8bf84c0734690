package dev.loomscope;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What a scope looks like at one moment: for a person who wonders what it waits for. Its text is the tree.
 *
 * @param scope the name of the scope
 * @param owner the thread that has opened it
 * @param age how long ago it was opened
 * @param cancelReason why it was cancelled; empty if it was not
 * @param deadline by when it must have ended, its own or one around it; empty for none
 * @param subtasks those that have not ended, in the order of the forks
 * @param inside the scopes that its owner has opened inside it; those that a subtask has opened are in its entry
 */
public record ScopeSnapshot(
        String scope,
        String owner,
        Duration age,
        Optional<CancelReason> cancelReason,
        Optional<Deadline> deadline,
        List<Entry> subtasks,
        List<ScopeSnapshot> inside) {

    /** What a subtask does that has not ended. */
    public enum Activity {
        /** It waits for a permit, for a worker, or for the subtask that it continues. */
        WAITING,
        /** It runs. */
        RUNNING,
        /** It runs on although it was cancelled. */
        STOPPING
    }

    /**
     * A subtask that has not ended.
     *
     * @param subtask its handle
     * @param activity what it does
     * @param runner the thread or worker that runs it, for people; empty if it has not started
     * @param age since its start, or since its fork if it has not started
     * @param inside the scopes that it has opened
     */
    public record Entry(
            Subtask<?> subtask, Activity activity, Optional<String> runner, Duration age, List<ScopeSnapshot> inside) {}

    /** Guards against changes. */
    public ScopeSnapshot {
        subtasks = List.copyOf(subtasks);
        inside = List.copyOf(inside);
    }

    /** The tree as text, a line for each scope and each subtask. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        append(text, "");
        return text.toString().stripTrailing();
    }

    private void append(StringBuilder text, String indent) {
        text.append("%sscope '%s' of %s, open for %s%s%s%n"
                .formatted(
                        indent,
                        scope,
                        owner,
                        words(age),
                        deadline.map(limit -> ", %s left".formatted(words(limit.remaining())))
                                .orElse(""),
                        cancelReason.map(reason -> ", cancelled: " + reason).orElse("")));
        for (Entry entry : subtasks) {
            text.append("%s  %s '%s' %s%s for %s%n"
                    .formatted(
                            indent,
                            entry.subtask().kind(),
                            entry.subtask().name(),
                            entry.activity().name().toLowerCase(Locale.ROOT),
                            entry.runner().map(runner -> " on " + runner).orElse(""),
                            words(entry.age())));
            entry.inside().forEach(nested -> nested.append(text, indent + "    "));
        }
        inside.forEach(nested -> nested.append(text, indent + "  "));
    }

    private static String words(Duration duration) {
        long millis = duration.toMillis();
        return millis < 10_000 ? millis + " ms" : "%s s".formatted(millis / 1_000);
    }
}
