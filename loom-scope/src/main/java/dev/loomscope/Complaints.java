package dev.loomscope;

import java.util.ArrayList;
import java.util.List;

/** What goes wrong while scopes are closed: the first is thrown at the end, the others suppressed on it. Owner thread only. */
final class Complaints {

    private final List<RuntimeException> all = new ArrayList<>();

    void add(RuntimeException complaint) {
        all.add(complaint);
    }

    /** Adds one that matters more than those that are there. */
    void addFirst(RuntimeException complaint) {
        all.add(0, complaint);
    }

    /** Closes scopes that somebody has left open, the innermost first. */
    void close(List<NurseryScope<?, ?>> leftOpen) {
        for (NurseryScope<?, ?> scope : leftOpen) {
            try {
                scope.close();
            } catch (RuntimeException e) {
                add(e);
            }
        }
    }

    boolean isEmpty() {
        return all.isEmpty();
    }

    void throwFirst() {
        if (!all.isEmpty()) {
            RuntimeException first = all.get(0);
            all.stream().skip(1).forEach(first::addSuppressed);
            throw first;
        }
    }
}
