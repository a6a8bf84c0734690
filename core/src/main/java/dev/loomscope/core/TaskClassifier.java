package dev.loomscope.core;

/**
 * Finds the kind of a task that was forked without one: the implementer of the code has said it, with {@link RunsOn} or
 * an annotation made of it ({@link Io}, {@link Blocking}, {@link Cpu}, or yours).
 *
 * <p>The first of these that says something decides:
 *
 * <ol>
 *   <li>for a method reference, the method that it names; for a lambda, the methods that its body calls directly. A
 *       method that says nothing itself speaks through the method it overrides or implements, superclasses first.
 *   <li>the class that declares this method, or a supertype of that class. A constructor counts only if a reference
 *       names it ({@code Report::new}), not if a lambda calls it.
 *   <li>for any task: its method {@code call}, {@code run}, {@code apply} or {@code accept}, then its class or one of
 *       its supertypes.
 *   <li>nothing: {@link TaskKind#IO}.
 * </ol>
 *
 * <p>A lambda is looked into only if it is {@link java.io.Serializable}, as every lambda is that was written where a
 * {@link Task}, {@link TaskAction}, {@link TaskFunction} or {@link TaskConsumer} is expected. Nothing that it captured
 * is serialized. Another lambda runs as IO; if it may be code of another kind, a warning says so.
 *
 * <p>The same holds for lambdas, references and closures of Kotlin, Scala and Groovy. Where they call a function that they
 * hold, as wrappers do that these compilers make, the code of that function counts.
 *
 * <p>The answer is kept per class of the task, which for a lambda means per place in the source; for a function inside a
 * wrapper, per class of the function.
 */
public final class TaskClassifier {
    private static final TaskKind[] KINDS = TaskKind.values();

    private TaskClassifier() {}

    /**
     * Returns the kind of a task.
     *
     * @param task a {@link Task}, {@link java.util.concurrent.Callable}, {@link TaskAction}, {@link TaskFunction} or
     *     {@link TaskConsumer}
     * @throws AmbiguousTaskKindException if its code is of two kinds at once
     */
    public static TaskKind kindOf(Object task) {
        Object code = task;
        while (code instanceof AdaptedTask adapted) {
            code = adapted.code();
        }
        String verdict = TaskVerdicts.of(code);
        if (verdict.equals(TaskVerdicts.NOTHING)) {
            return TaskKind.IO;
        }
        for (TaskKind kind : KINDS) {
            if (kind.name().equals(verdict)) {
                return kind;
            }
        }
        throw new AmbiguousTaskKindException(verdict);
    }
}
