package dev.loomscope;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What scopes look like at one moment: one of them, {@link MixedScope#snapshot}, or all of this JVM as text, {@link MixedScope#dump}. */
final class ScopeDump {

    private ScopeDump() {}

    static String text() {
        String trees = ScopeTree.outermost().stream()
                .map(scope -> scope.snapshot().toString())
                .sorted()
                .collect(Collectors.joining("\n"));
        return trees.isEmpty() ? "no scope is open" : trees;
    }

    static ScopeSnapshot snapshotOf(NurseryScope<?, ?> scope) {
        List<NurseryScope<?, ?>> nested = new ArrayList<>();
        scope.tree().forEachNested(nested::add);
        return new ScopeSnapshot(
                scope.name(),
                ScopedSubtask.describe(scope.owner()),
                scope.age(),
                scope.cancelReason(),
                scope.deadline(),
                scope.liveSubtasks()
                        .map(subtask -> subtask.snapshot(openedBy(subtask, nested)))
                        .toList(),
                openedBy(null, nested));
    }

    private static List<ScopeSnapshot> openedBy(@Nullable ScopedSubtask<?> subtask, List<NurseryScope<?, ?>> nested) {
        return nested.stream()
                .filter(scope -> scope.tree().openedBy() == subtask)
                .sorted(Comparator.comparing(NurseryScope::openedAt))
                .map(ScopeDump::snapshotOf)
                .toList();
    }
}
