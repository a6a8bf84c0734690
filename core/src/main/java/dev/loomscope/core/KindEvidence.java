package dev.loomscope.core;

import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What annotations say about one task, and the verdict: one kind, none, or a contradiction. */
final class KindEvidence {
    private final Map<TaskKind, Finding> findings = new EnumMap<>(TaskKind.class); // the first of each kind

    /**
     * Takes in what is written at one place.
     *
     * @param subject the code that this is about
     * @param place where the marks were found, which may be the subject itself
     * @return whether there were any
     */
    boolean add(String subject, List<KindAnnotations.Mark> marks, String place) {
        marks.forEach(mark -> findings.putIfAbsent(mark.kind(), new Finding(subject, mark, place)));
        return !marks.isEmpty();
    }

    /**
     * Returns the only kind found, or null if there is none.
     *
     * @param site the task, for the message
     * @throws AmbiguousTaskKindException if there are several
     */
    @Nullable
    TaskKind verdict(String site) {
        if (findings.size() > 1) {
            throw new AmbiguousTaskKindException(contradiction(site));
        }
        return findings.isEmpty() ? null : findings.keySet().iterator().next();
    }

    private String contradiction(String site) {
        TaskKind example = Collections.max(findings.keySet());
        String fork = "scope.fork(TaskKind." + example + ", ...)";
        List<String> subjects =
                findings.values().stream().map(Finding::subject).distinct().toList();
        if (subjects.size() == 1) {
            return "%s is annotated with %s kinds: %s; found for %s. Keep one annotation, or pass the kind: %s."
                    .formatted(subjects.getFirst(), findings.size(), list("%2$s"), site, fork);
        }
        return "%s is of %s kinds: %s. Pass the kind that it shall run as, %s, or split it into one task per kind."
                .formatted(site, findings.size(), list("%1$s is %2$s"), fork);
    }

    private String list(String format) {
        return findings.values().stream()
                .map(finding -> format.formatted(finding.subject(), finding.said()))
                .collect(Collectors.joining(", "));
    }

    private record Finding(String subject, KindAnnotations.Mark mark, String place) {

        /** The kind and who says so: {@code CPU (@Cpu on com.acme.Report)}. */
        String said() {
            String where = place.equals(subject) ? "" : " on " + place;
            return mark.kind() + " (" + mark.annotation() + where + ")";
        }
    }
}
