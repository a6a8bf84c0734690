package dev.loomscope.core;

import java.lang.invoke.SerializedLambda;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** The rules by which {@link TaskClassifier} judges a task that it has not seen before, in their order. */
final class KindRules {
    private static final String LAMBDA_BODY_PREFIX = "lambda$"; // javac and ecj

    private KindRules() {}

    static TaskKind judge(Object code) {
        SerializedLambda lambda = LambdaInspector.inspect(code);
        TaskKind kind = lambda == null ? null : ofLambda(lambda, code.getClass().getClassLoader());
        if (kind == null) {
            kind = ofObject(code);
        }
        return kind == null ? TaskKind.IO : kind;
    }

    private static @Nullable TaskKind ofLambda(SerializedLambda lambda, @Nullable ClassLoader loader) {
        var implementation =
                new MethodName(lambda.getImplClass(), lambda.getImplMethodName(), lambda.getImplMethodSignature());
        String capturer = lambda.getCapturingClass().replace('/', '.');
        if (!implementation.name().startsWith(LAMBDA_BODY_PREFIX)) {
            return ofReference(implementation, capturer, loader);
        }
        Class<?> holder = ForeignClasses.load(implementation.ownerName(), loader);
        MethodCalls body = holder == null ? null : MethodCalls.of(holder, implementation);
        if (holder == null || body == null) {
            return null;
        }
        if (!body.synthetic()) { // somebody has called a method so
            return ofReference(implementation, capturer, loader);
        }
        String site = "the lambda in " + capturer + (body.line() > 0 ? " (line " + body.line() + ")" : "");
        return ofMethods(body.targets(), site, holder.getClassLoader());
    }

    private static @Nullable TaskKind ofReference(MethodName named, String capturer, @Nullable ClassLoader loader) {
        return ofMethods(List.of(named), "the method reference in " + capturer, loader);
    }

    private static @Nullable TaskKind ofMethods(Iterable<MethodName> names, String site, @Nullable ClassLoader loader) {
        var methods = new ArrayList<MethodDeclarations>();
        for (MethodName name : names) {
            Class<?> owner = ForeignClasses.load(name.ownerName(), loader);
            if (owner != null) {
                methods.add(MethodDeclarations.of(owner, name));
            }
        }
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
        if (declarer != null) {
            onClass(declarer, method.toString(), evidence);
        }
    }

    private static void onClass(Class<?> type, String subject, KindEvidence evidence) {
        for (Class<?> supertype : Supertypes.of(type)) {
            if (evidence.add(subject, KindAnnotations.on(supertype), supertype.getName())) {
                return;
            }
        }
    }
}
