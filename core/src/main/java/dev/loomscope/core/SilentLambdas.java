package dev.loomscope.core;

import java.io.Serializable;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Judges lambdas that do not say which method implements them, because they are not serializable: what is written where a
 * plain {@link java.util.concurrent.Callable} is expected, functions of Kotlin, and method references of Groovy.
 *
 * <p>Of all lambdas of the same shape in the same class each may be the one. Code that would be of another kind is a
 * reason to warn, not to decide: the next lambda in that class would change the kind of this one. Groovy makes references
 * for our own serializable types that are not serializable; these have the kind on which all candidates agree.
 */
final class SilentLambdas {

    private SilentLambdas() {}

    static Judgement judge(Class<?> lambda) {
        Class<?> writer = LambdaSites.writer(lambda);
        if (writer == null) {
            return Judgement.of(TaskVerdicts.NOTHING);
        }
        boolean silent = false;
        int line = 0;
        Set<TaskKind> kinds = EnumSet.noneOf(TaskKind.class);
        List<MethodName> candidates = LambdaSites.candidates(lambda, writer);
        for (MethodName candidate : candidates) {
            CodeBody body = new CodeBody(writer.getClassLoader());
            TaskKind kind = kindOf(candidate, writer, body, kinds);
            silent |= kind == null;
            line = candidates.size() == 1 ? body.line() : 0;
            if (kind != null) {
                kinds.add(kind);
            }
        }
        if (!silent && kinds.size() == 1 && Serializable.class.isAssignableFrom(lambda)) {
            return Judgement.of(kinds.iterator().next());
        }
        kinds.remove(TaskKind.IO); // as which it will run
        return Judgement.of(TaskVerdicts.NOTHING)
                .withWarning(kinds.isEmpty() ? null : warning(writer, line, candidates.size(), kinds));
    }

    private static @Nullable TaskKind kindOf(
            MethodName candidate, Class<?> writer, CodeBody body, Set<TaskKind> kinds) {
        try {
            return KindRules.ofImplementation(candidate, writer.getName(), writer.getClassLoader(), body);
        } catch (AmbiguousTaskKindException e) {
            kinds.addAll(EnumSet.of(TaskKind.BLOCKING, TaskKind.CPU));
            return null;
        }
    }

    private static String warning(Class<?> writer, int line, int candidates, Set<TaskKind> kinds) {
        return ("A task runs as IO, although its code may be %s: %s is not serializable, so the kind that its code says"
                        + " cannot be %s. Pass the kind, scope.fork(TaskKind.%s, ...), or write the lambda as an"
                        + " argument of fork, where it becomes a Task.")
                .formatted(
                        kinds.size() == 1 ? "annotated as " + kinds.iterator().next() : "annotated as one of " + kinds,
                        KindRules.lambdaIn(writer.getName(), line),
                        candidates == 1 ? "relied on" : "told from those of others",
                        kinds.iterator().next());
    }
}
