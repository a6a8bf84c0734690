package dev.loomscope.process;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Says what to do about functions of Kotlin, Scala and Groovy that cannot be serialized: each language has its own way. */
final class LanguageAdvice {

    private static final String LAMBDA = "$$Lambda";

    private LanguageAdvice() {}

    /**
     * Returns the advice, or null if the general one is right.
     *
     * @param culprit the object that cannot be written
     * @param path the fields that lead to it
     * @param written the classes of what was written before
     */
    static @Nullable String about(@Nullable Object culprit, String path, Set<Class<?>> written) {
        if (culprit != null
                && culprit.getClass().isHidden()
                && culprit.getClass().getName().contains(LAMBDA)) {
            return aboutLambda(culprit.getClass());
        }
        boolean throughClosure =
                path.contains("-> owner") || path.contains("-> delegate") || path.contains("-> thisObject");
        boolean closure = written.stream().anyMatch(type -> type.getName().equals("groovy.lang.Closure"));
        if (closure && (throughClosure || path.isEmpty())) {
            return "A Groovy closure takes the object or script around it along. Send a copy without it, closure.dehydrate(), in which"
                    + " methods of that class are called by its name, as in Report.of(x); or make that class Serializable.";
        }
        return null;
    }

    private static String aboutLambda(Class<?> lambda) {
        Class<?> writer = writer(lambda);
        if (writer != null && isKotlin(writer)) {
            return "Kotlin makes lambdas in variables that are not Serializable: write the lambda as an argument of fork, or annotate it"
                    + " with @JvmSerializableLambda, or compile with -Xlambdas=class.";
        }
        if (writer != null && isGroovy(writer)) {
            return "With @CompileStatic Groovy makes lambdas for Callable, and method references, that are not Serializable: write a"
                    + " closure, { ... }, or cast the lambda to Task, (Task) () -> ....";
        }
        return "Write the lambda where a Task is expected, as an argument of fork for example: then it is Serializable.";
    }

    private static @Nullable Class<?> writer(Class<?> lambda) {
        String name = lambda.getName();
        try {
            return Class.forName(name.substring(0, name.indexOf(LAMBDA)), false, lambda.getClassLoader());
        } catch (ClassNotFoundException | LinkageError e) {
            return null;
        }
    }

    private static boolean isKotlin(Class<?> writer) {
        for (var annotation : writer.getDeclaredAnnotations()) {
            if (annotation.annotationType().getName().equals("kotlin.Metadata")) {
                return true;
            }
        }
        return false;
    }

    private static boolean isGroovy(Class<?> writer) {
        for (Class<?> each = writer; each != null; each = each.getSuperclass()) {
            for (Class<?> type : each.getInterfaces()) {
                if (type.getName().equals("groovy.lang.GroovyObject")) {
                    return true;
                }
            }
        }
        return false;
    }
}
