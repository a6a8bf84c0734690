package dev.loomscope;

import dev.loomscope.DeadlineExceededException.Unfinished;
import dev.loomscope.ScopeFailedException.Failure;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The texts of a scope's exceptions: what, which, how much, what next. */
final class ScopeMessages {

    private static final int MAX_NAMED = 10;

    private ScopeMessages() {}

    static String failed(String scope, Throwable cause, List<Failure> failures, @Nullable CancelReason reason) {
        if (failures.isEmpty()) {
            return reason == null
                    ? "scope '%s' failed: %s".formatted(scope, SafeText.of(cause))
                    : "scope '%s' was cancelled: %s".formatted(scope, reason);
        }
        String which = failures.stream()
                .filter(failure -> failure.exception() == cause)
                .findFirst()
                .map(failure -> describe(failure.subtask()) + " threw " + SafeText.of(cause))
                .orElse(SafeText.of(cause));
        boolean isOne = failures.stream().anyMatch(failure -> failure.exception() == cause);
        return "scope '%s' failed: %s%s".formatted(scope, which, others(failures.size() - (isOne ? 1 : 0)));
    }

    private static String others(int count) {
        if (count <= 0) {
            return "";
        }
        String counted = count == 1 ? "; 1 further failure" : "; %s further failures".formatted(count);
        return count <= ScopeFailedException.MAX_SUPPRESSED
                ? counted
                : counted
                        + ", %s of them suppressed here, all in failures()"
                                .formatted(ScopeFailedException.MAX_SUPPRESSED);
    }

    /** {@code orElse} says what the deadline has met if no subtask was running. */
    static String deadline(
            String scope, List<Unfinished> unfinished, List<String> cutInside, List<Failure> failures, String orElse) {
        String named = unfinished.stream()
                .limit(MAX_NAMED)
                .map(ScopeMessages::describe)
                .collect(Collectors.joining(", "));
        String more = unfinished.size() > MAX_NAMED ? " and %s more".formatted(unfinished.size() - MAX_NAMED) : "";
        String inside =
                cutInside.isEmpty() ? "" : "scope '%s' inside was cut short".formatted(String.join("', '", cutInside));
        String which = unfinished.isEmpty() ? inside.isEmpty() ? orElse : inside : "unfinished: " + named + more;
        String failed = failures.isEmpty()
                ? ""
                : "; %s subtask%s had failed".formatted(failures.size(), failures.size() == 1 ? "" : "s");
        return "the deadline of scope '%s' has passed; %s%s".formatted(scope, which, failed);
    }

    static String unjoined(String scope) {
        return "scope '%s' was closed without a join after a fork: its subtasks were cancelled; call join() before you leave the block"
                .formatted(scope);
    }

    static String closedTooEarly(String scope, List<NurseryScope<?, ?>> inside) {
        return ("scope '%s' was closed while this thread still had '%s' open inside it, closed now too; close scopes in the reverse order"
                        + " of their opening, best by try-with-resources")
                .formatted(scope, names(inside));
    }

    static String leftOpen(ScopedSubtask<?> subtask, List<NurseryScope<?, ?>> scopes) {
        return "%s has ended and left scope '%s' open, which was closed in its stead; open scopes in try-with-resources"
                .formatted(subtask.describe(), names(scopes));
    }

    private static String names(List<NurseryScope<?, ?>> scopes) {
        return scopes.stream().map(NurseryScope::name).collect(Collectors.joining("', '"));
    }

    private static String describe(Unfinished unfinished) {
        boolean started = !unfinished.ran().isZero();
        return describe(unfinished.subtask())
                + (started ? " after %s ms".formatted(unfinished.ran().toMillis()) : " not started");
    }

    private static String describe(Subtask<?> subtask) {
        return "subtask '%s' (%s)".formatted(subtask.name(), subtask.kind());
    }
}
