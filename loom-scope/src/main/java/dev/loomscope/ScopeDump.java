package dev.loomscope;

import java.util.stream.Collectors;

/** All open scopes of this JVM as text, {@link MixedScope#dump}. */
final class ScopeDump {

    private ScopeDump() {}

    static String text() {
        String trees = ScopeTree.outermost().stream()
                .map(scope -> scope.snapshot().toString())
                .sorted()
                .collect(Collectors.joining("\n"));
        return trees.isEmpty() ? "no scope is open" : trees;
    }
}
