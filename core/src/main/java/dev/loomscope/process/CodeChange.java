package dev.loomscope.process;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A file whose code is no longer that of the program in this JVM.
 *
 * @param before what it was when the program loaded it; null if that was not seen
 * @param now what it is
 */
record CodeChange(Path file, @Nullable FileStamp before, FileStamp now) {

    private static final int MAX_NAMED = 3;

    /** Says what has happened to the file, as a clause whose subject is the file. */
    String describe() {
        if (before == null) {
            return "%s was written after this JVM had started, or got other attributes or another link (it has %s)"
                    .formatted(file, now.describe());
        }
        if (!before.exists()) {
            return "%s was added (it has %s)".formatted(file, now.describe());
        }
        if (!now.exists()) {
            return "%s is missing (it had %s)".formatted(file, before.describe());
        }
        String how = before.isSameFile(now) ? "overwritten" : "replaced";
        return "%s was %s (it had %s; it has %s)".formatted(file, how, before.describe(), now.describe());
    }

    /** Describes several, the first ones in full. */
    static String describe(List<CodeChange> changes) {
        StringBuilder text = new StringBuilder();
        for (CodeChange change : changes.subList(0, Math.min(MAX_NAMED, changes.size()))) {
            text.append(text.isEmpty() ? "" : ", ").append(change.describe());
        }
        int more = changes.size() - MAX_NAMED;
        return more > 0 ? text + ", and " + more + " more files changed" : text.toString();
    }

    /** Names all of them. */
    static List<String> files(List<CodeChange> changes) {
        return changes.stream().map(change -> change.file().toString()).toList();
    }

    // Not the one that the JDK makes for records: on JDK 25 a call of that keeps our class loader from being unloaded.
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof CodeChange that
                && file.equals(that.file)
                && Objects.equals(before, that.before)
                && now.equals(that.now);
    }

    @Override
    public int hashCode() {
        return Objects.hash(file, before, now);
    }
}
