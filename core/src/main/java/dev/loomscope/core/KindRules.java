package dev.loomscope.core;

import java.lang.invoke.SerializedLambda;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.Type;

/** The rules by which {@link TaskClassifier} judges a task that it has not seen before, in their order. */
final class KindRules {
    /** The methods by which the classes that compilers make for lambdas and references run their code. */
    private static final Set<String> BODIES = Set.of("call", "run", "apply", "accept", "invoke", "get");

    private KindRules() {}

    static Judgement judge(Object code) {
        Judgement judgement = ofCode(code);
        if (!judgement.known().equals(TaskVerdicts.NOTHING)) {
            return judgement;
        }
        TaskKind kind = ofObject(code);
        return kind == null ? judgement : Judgement.of(kind);
    }

    private static Judgement ofCode(Object code) {
        Class<?> type = code.getClass();
        SerializedLambda lambda = LambdaInspector.inspect(code);
        if (lambda != null) {
            return ofLambda(lambda, type);
        }
        if (type.isHidden() && type.isSynthetic()) {
            return SilentLambdas.judge(type);
        }
        Judgement groovy = GroovyRules.judge(code);
        return groovy == null ? ofLambdaClass(type) : groovy;
    }

    private static Judgement ofLambda(SerializedLambda lambda, Class<?> type) {
        var implementation =
                new MethodName(lambda.getImplClass(), lambda.getImplMethodName(), lambda.getImplMethodSignature());
        String capturer = lambda.getCapturingClass().replace('/', '.');
        CodeBody body = new CodeBody(type.getClassLoader());
        TaskKind kind = ofImplementation(implementation, capturer, type.getClassLoader(), body);
        return kind != null || !body.callsFunctions() ? Judgement.of(kind) : ofFunctionsIn(type);
    }

    /**
     * Judges the method that implements a lambda or reference.
     *
     * @param body takes in what it calls, if it is the body of a lambda
     */
    static @Nullable TaskKind ofImplementation(
            MethodName implementation, String capturer, @Nullable ClassLoader loader, CodeBody body) {
        Class<?> holder = ForeignClasses.load(implementation.ownerName(), loader);
        MethodCalls calls = holder == null ? null : MethodCalls.of(holder, implementation);
        if (holder == null || calls == null || !CompilerMarks.isLambdaBody(holder, implementation, calls)) {
            return ofMethods(List.of(implementation), "the method reference in " + capturer, loader);
        }
        body.add(implementation, calls);
        String site = lambdaIn(capturer, body.line());
        List<MethodDeclarations> annotated = List.of(MethodDeclarations.of(holder, implementation));
        TaskKind kind = gather(annotated, KindRules::onMethod).verdict(site); // Kotlin can annotate a lambda
        return kind == null ? ofBody(body, site, holder.getClassLoader()) : kind;
    }

    /** Judges objects whose class was made for a lambda or reference. */
    private static Judgement ofLambdaClass(Class<?> type) {
        boolean whole = CompilerMarks.isLambdaClass(type);
        if (!whole && !CompilerMarks.isScalaAnonymousClass(type)) {
            return Judgement.of(TaskVerdicts.NOTHING);
        }
        CodeBody body = new CodeBody(type.getClassLoader());
        for (Method method : ForeignClasses.methods(type)) {
            if (BODIES.contains(method.getName()) && !method.isBridge()) {
                addBody(type, method, whole, body);
            }
        }
        TaskKind kind = ofBody(body, lambdaIn(type.getName(), body.line()), type.getClassLoader());
        return kind != null || !body.callsFunctions() ? Judgement.of(kind) : ofFunctionsIn(type);
    }

    // The method of an anonymous class in Scala is the user's own unless all that it does is to call the body of a
    // lambda.
    private static void addBody(Class<?> type, Method method, boolean whole, CodeBody body) {
        MethodName name = nameOf(type, method);
        MethodCalls calls = MethodCalls.of(type, name);
        if (whole
                || (calls != null
                        && calls.targets().stream().anyMatch(target -> CompilerMarks.isScalaBody(target.name())))) {
            body.add(type, name);
        }
    }

    private static Judgement ofFunctionsIn(Class<?> type) {
        return Judgement.ofFields(FieldAccess.declaredBy(type, CompilerMarks::isFunction));
    }

    private static @Nullable TaskKind ofBody(CodeBody body, String site, @Nullable ClassLoader loader) {
        var methods = declarations(body.targets(), loader);
        body.inlined().forEach(inlined -> {
            Class<?> owner = CompilerMarks.isOfLanguage(inlined.owner())
                    ? null
                    : ForeignClasses.load(inlined.owner().replace('/', '.'), loader);
            if (owner != null) {
                methods.addAll(MethodDeclarations.ofName(owner, inlined.name()));
            }
        });
        return verdict(methods, site);
    }

    static @Nullable TaskKind ofMethods(Iterable<MethodName> names, String site, @Nullable ClassLoader loader) {
        return verdict(declarations(names, loader), site);
    }

    private static List<MethodDeclarations> declarations(Iterable<MethodName> names, @Nullable ClassLoader loader) {
        var methods = new ArrayList<MethodDeclarations>();
        for (MethodName name : names) {
            Class<?> owner = ForeignClasses.load(name.ownerName(), loader);
            if (owner != null) {
                methods.add(MethodDeclarations.of(owner, name));
            }
        }
        return methods;
    }

    /** What is written on the methods decides, else what is written on their classes. */
    static @Nullable TaskKind verdict(List<MethodDeclarations> methods, String site) {
        TaskKind kind = gather(methods, KindRules::onMethod).verdict(site);
        return kind != null ? kind : gather(methods, KindRules::onItsClass).verdict(site);
    }

    private static @Nullable TaskKind ofObject(Object code) {
        Class<?> type = code.getClass();
        String site = "the task class " + type.getName();
        TaskKind kind =
                gather(MethodDeclarations.ofTask(code), KindRules::onMethod).verdict(site);
        if (kind != null) {
            return kind;
        }
        var evidence = new KindEvidence();
        onClass(type, type.getName(), evidence);
        return evidence.verdict(site);
    }

    private static KindEvidence gather(
            List<MethodDeclarations> methods, BiConsumer<MethodDeclarations, KindEvidence> rule) {
        var evidence = new KindEvidence();
        methods.forEach(method -> rule.accept(method, evidence));
        return evidence;
    }

    private static void onMethod(MethodDeclarations method, KindEvidence evidence) {
        for (var declaration : method.declarations()) {
            if (evidence.add(method.toString(), KindAnnotations.on(declaration), method.placeOf(declaration))) {
                return;
            }
        }
    }

    private static void onItsClass(MethodDeclarations method, KindEvidence evidence) {
        Class<?> declarer = method.declarer();
        if (declarer != null && !onClass(declarer, method.toString(), evidence)) {
            Class<?> companion = CompilerMarks.classOfCompanion(declarer);
            if (companion != null) {
                onClass(companion, method.toString(), evidence);
            }
        }
    }

    private static boolean onClass(Class<?> type, String subject, KindEvidence evidence) {
        for (Class<?> supertype : Supertypes.of(type)) {
            if (evidence.add(subject, KindAnnotations.on(supertype), supertype.getName())) {
                return true;
            }
        }
        return false;
    }

    static String lambdaIn(String writer, int line) {
        return "the lambda in " + writer + (line > 0 ? " (line " + line + ")" : "");
    }

    static MethodName nameOf(Class<?> owner, Method method) {
        return new MethodName(Type.getInternalName(owner), method.getName(), Type.getMethodDescriptor(method));
    }
}
