package dev.loomscope.core;

import java.lang.annotation.Annotation;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Knows by which names and marks the compilers of Java, Kotlin, Scala and Groovy give away what they made themselves. */
final class CompilerMarks {
    private static final String JAVA_LAMBDA = "lambda$"; // javac and ecj
    private static final String SCALA_LAMBDA = "$anonfun$";
    private static final Pattern SCALA_LIFTED = Pattern.compile("liftedTree\\d+\\$\\d+"); // try as an expression
    private static final String KOTLIN_DEFAULT = "$default";
    private static final String GROOVY_BODY = "doCall";
    private static final int KOTLIN_SYNTHETIC_CLASS = 3; // kotlin.Metadata.k

    private static final List<String> LANGUAGES =
            List.of("java/", "kotlin/", "scala/", "groovy/lang/", "groovy/util/", "org/codehaus/groovy/");
    private static final List<String> FUNCTIONS =
            List.of("kotlin.jvm.functions.Function", "kotlin.reflect.K", "scala.Function", "groovy.lang.Closure");

    private CompilerMarks() {}

    /** Whether a lambda is implemented by a method of the compiler, so that its body counts, not its name. */
    static boolean isLambdaBody(Class<?> holder, MethodName method, MethodCalls body) {
        String name = method.name();
        if (name.startsWith(JAVA_LAMBDA)) {
            return body.synthetic(); // a method written by hand may have such a name
        }
        return body.synthetic()
                || isScalaBody(name)
                || (name.equals(GROOVY_BODY) && isClosure(holder))
                || (name.indexOf('$') > 0 && body.privateStatic() && kotlinKind(holder) != 0);
    }

    /** Whether scalac moved the body of a lambda, or a part of it, into a method of this name. */
    static boolean isScalaBody(String name) {
        return name.contains(SCALA_LAMBDA) || SCALA_LIFTED.matcher(name).matches();
    }

    /**
     * Whether the whole class was made for one lambda or reference: by kotlinc for an interface that it does not leave to
     * the JDK, or by scalac for an interface with default methods.
     */
    static boolean isLambdaClass(Class<?> type) {
        return kotlinKind(type) == KOTLIN_SYNTHETIC_CLASS || type.getName().contains("$" + SCALA_LAMBDA);
    }

    /** Whether scalac made an anonymous class; one for a lambda calls the body of that. */
    static boolean isScalaAnonymousClass(Class<?> type) {
        return type.getName().contains("$$anon$");
    }

    static boolean isClosure(Class<?> type) {
        for (Class<?> each = type; each != null; each = each.getSuperclass()) {
            if (each.getName().equals("groovy.lang.Closure")) {
                return true;
            }
        }
        return false;
    }

    /** Whether values of this type are functions of a language, or closures. */
    static boolean isFunction(Class<?> type) {
        String name = type.getName();
        return FUNCTIONS.stream().anyMatch(name::startsWith) || isClosure(type);
    }

    static boolean isFunctionCall(MethodName target) {
        String name = target.name();
        String owner = target.ownerName();
        return (name.equals("invoke") || name.equals("get") || name.startsWith("apply") || name.equals("call"))
                && FUNCTIONS.stream().anyMatch(owner::startsWith);
    }

    /** Whether a class belongs to the run-time library of a language. */
    static boolean isOfLanguage(String internalName) {
        return LANGUAGES.stream().anyMatch(internalName::startsWith);
    }

    /** Whether this is the method that kotlinc calls for a function when arguments are left out. */
    static boolean isDefaultStub(MethodName method) {
        return method.name().endsWith(KOTLIN_DEFAULT);
    }

    static boolean isStubOf(MethodName stub, MethodName target) {
        return stub.name().equals(target.name() + KOTLIN_DEFAULT);
    }

    /** Returns the class whose companion object, in Kotlin or Scala, has this class; null if it is no companion. */
    static @Nullable Class<?> classOfCompanion(Class<?> type) {
        String name = type.getName();
        if (name.endsWith("$")) {
            boolean ofScala = hasConstant(type, "MODULE$", type);
            return ofScala ? ForeignClasses.load(name.substring(0, name.length() - 1), type.getClassLoader()) : null;
        }
        Class<?> outer = ForeignClasses.orAbsent(type, type::getEnclosingClass);
        boolean ofKotlin = outer != null && kotlinKind(type) != 0 && hasConstant(outer, type.getSimpleName(), type);
        return ofKotlin ? outer : null;
    }

    private static boolean hasConstant(Class<?> owner, String name, Class<?> type) {
        Boolean found = ForeignClasses.orAbsent(owner, () -> {
            Field field = owner.getDeclaredField(name);
            return Modifier.isStatic(field.getModifiers()) && field.getType() == type;
        });
        return Boolean.TRUE.equals(found);
    }

    /** Returns the number by which kotlinc says what a class is, 0 for the classes of other compilers. */
    private static int kotlinKind(Class<?> type) {
        for (Annotation annotation : ForeignClasses.annotations(type)) {
            Class<? extends Annotation> metadata = annotation.annotationType();
            if (metadata.getName().equals("kotlin.Metadata")) {
                Integer kind = ForeignClasses.orAbsent(
                        type, () -> (Integer) metadata.getMethod("k").invoke(annotation));
                return kind == null ? 0 : kind;
            }
        }
        return 0;
    }
}
