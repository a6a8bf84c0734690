package dev.loomscope.core;

import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the kinds off annotations: {@link RunsOn}, and every annotation that carries it, such as {@link Io}. */
final class KindAnnotations {

    private KindAnnotations() {}

    /** What is written on a method or class itself; several marks are a contradiction only if their kinds differ. */
    static List<Mark> on(AnnotatedElement element) {
        var marks = new ArrayList<Mark>();
        collect(element, null, marks, new HashSet<>());
        return marks;
    }

    private static void collect(
            AnnotatedElement element, @Nullable String shorthand, List<Mark> marks, Set<Class<?>> seen) {
        for (Annotation annotation : ForeignClasses.annotations(element)) {
            Class<? extends Annotation> type = annotation.annotationType();
            if (annotation instanceof RunsOn runsOn) {
                TaskKind kind = runsOn.value();
                marks.add(new Mark(kind, shorthand == null ? "@RunsOn(" + kind + ")" : shorthand));
            } else if (seen.add(type)) { // annotations may annotate each other in circles
                collect(type, shorthand == null ? "@" + type.getSimpleName() : shorthand, marks, seen);
            }
        }
    }

    /**
     * One annotation that says a kind.
     *
     * @param annotation as it stands in the source: {@code @Cpu}
     */
    record Mark(TaskKind kind, String annotation) {}
}
