package dev.loomscope.core;

import dev.loomscope.core.MethodCalls.GroovyCall;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.Type;

/** Judges the closures, lambdas and method references of Groovy, and the proxies by which they become tasks. */
final class GroovyRules {
    private static final String GENERATED = "org.codehaus.groovy.runtime.GeneratedClosure";
    private static final String CONVERSION = "org.codehaus.groovy.runtime.ConversionHandler";
    private static final String METHOD_CLOSURE = "org.codehaus.groovy.runtime.MethodClosure";
    private static final Set<String> BODIES = Set.of("doCall", "call");

    private GroovyRules() {}

    /** Returns the judgement, or null if the code does not come from Groovy. */
    static @Nullable Judgement judge(Object code) {
        Class<?> type = code.getClass();
        if (Proxy.isProxyClass(type)) {
            return ofProxy(code);
        }
        if (isA(type, CONVERSION)) {
            return ofField("delegate", type);
        }
        if (!CompilerMarks.isClosure(type)) {
            return null;
        }
        if (type.getName().equals(METHOD_CLOSURE)) {
            return ofMethodClosure(type);
        }
        return isA(type, GENERATED) ? ofClosure(code) : ofWrapper(type);
    }

    // One class of proxies serves all closures that became tasks.
    private static @Nullable Judgement ofProxy(Object code) {
        Object handler = ForeignClasses.orAbsent(code.getClass(), () -> Proxy.getInvocationHandler(code));
        boolean ofGroovy = handler != null && isA(handler.getClass(), CONVERSION);
        return ofGroovy ? new Judgement(new Object[] {TaskVerdicts.NOTHING, Proxy.class}, null) : null;
    }

    private static Judgement ofField(String name, Class<?> type) {
        Field field = FieldAccess.named(name, type);
        return Judgement.ofFields(field == null ? List.of() : List.of(field));
    }

    // Curried, composed and memoized closures hold those that they call.
    private static Judgement ofWrapper(Class<?> type) {
        List<Field> fields = new ArrayList<>(FieldAccess.declaredBy(type, CompilerMarks::isClosure));
        Field owner = FieldAccess.named("owner", type);
        if (owner != null) {
            fields.add(owner);
        }
        return Judgement.ofFields(fields);
    }

    private static Judgement ofMethodClosure(Class<?> type) {
        Field owner = FieldAccess.named("owner", type);
        Field method = FieldAccess.named("method", type);
        return owner == null || method == null
                ? Judgement.of(TaskVerdicts.NOTHING)
                : new Judgement(new Object[] {TaskVerdicts.NOTHING, GroovyCalls.ofMethodClosure(owner, method)}, null);
    }

    private static Judgement ofClosure(Object closure) {
        Class<?> type = closure.getClass();
        CodeBody body = new CodeBody(type.getClassLoader());
        for (Method method : ForeignClasses.methods(type)) {
            if (BODIES.contains(method.getName()) && !method.isBridge()) {
                body.add(type, KindRules.nameOf(type, method));
            }
        }
        Class<?> writer = writer(type);
        String site = KindRules.lambdaIn(writer.getName(), body.line()).replace("lambda", "closure");
        List<MethodDeclarations> methods = new ArrayList<>();
        for (MethodName target : body.targets()) {
            Class<?> owner = ForeignClasses.load(target.ownerName(), type.getClassLoader());
            if (owner != null && owner != type) {
                methods.add(MethodDeclarations.of(owner, target));
            }
        }
        Set<GroovyCall> open = new LinkedHashSet<>();
        for (GroovyCall call : body.groovy()) {
            List<MethodDeclarations> found = receivers(call, body, type, writer).stream()
                    .flatMap(receiver -> GroovyCalls.named(receiver, call).stream())
                    .toList();
            methods.addAll(found);
            boolean ownBody = BODIES.contains(call.name()) && call.receiver().equals(Type.getInternalName(type));
            if (found.isEmpty() && !ownBody) {
                open.add(call);
            }
        }
        TaskKind kind = KindRules.verdict(methods, site);
        return ofOpenCalls(closure, kind, open, body, site);
    }

    // What is called on captured variables depends on their values.
    private static Judgement ofOpenCalls(
            Object closure, @Nullable TaskKind kind, Set<GroovyCall> open, CodeBody body, String site) {
        String verdict = kind == null ? TaskVerdicts.NOTHING : kind.name();
        List<Field> captured = FieldAccess.declaredBy(closure.getClass(), type -> !type.isPrimitive());
        List<Object> known = new ArrayList<>(List.of(verdict));
        List<Field> functions = new ArrayList<>();
        for (Field field : captured) {
            if (CompilerMarks.isFunction(field.getType())) {
                functions.add(field);
            }
        }
        if (!open.isEmpty() && !captured.isEmpty()) {
            known.add(GroovyCalls.ofCaptured(captured, open));
        }
        if (body.callsFunctions()) {
            known.addAll(functions);
        }
        String unclear = kind == null ? GroovyCalls.unclear(closure, captured, open) : null;
        String warning = unclear == null
                ? null
                : ("%s calls %s, and Groovy finds out what that is when it runs: if it is annotated with a kind, the task"
                                + " runs as IO nevertheless. Pass the kind, scope.fork(TaskKind.IO, ...) for example, or"
                                + " compile it with @CompileStatic.")
                        .formatted(Character.toUpperCase(site.charAt(0)) + site.substring(1), unclear);
        return new Judgement(known.size() == 1 ? verdict : known.toArray(), warning);
    }

    private static Set<Class<?>> receivers(GroovyCall call, CodeBody body, Class<?> closure, Class<?> writer) {
        Set<Class<?>> receivers = new LinkedHashSet<>();
        boolean unknown = call.receiver().equals(GroovyCall.UNKNOWN);
        if (unknown || call.receiver().equals(GroovyCall.STATIC)) {
            for (String constant : body.constants()) {
                addIfLoaded(constant, closure, receivers);
            }
        }
        if (unknown || call.receiver().equals(Type.getInternalName(closure))) {
            for (Class<?> each = writer; each != null; each = each.getEnclosingClass()) {
                receivers.add(each);
            }
        } else {
            addIfLoaded(call.receiver(), closure, receivers);
        }
        receivers.remove(Class.class);
        receivers.remove(Object.class);
        return receivers;
    }

    private static void addIfLoaded(String internalName, Class<?> closure, Set<Class<?>> classes) {
        Class<?> type = ForeignClasses.load(internalName.replace('/', '.'), closure.getClassLoader());
        if (type != null) {
            classes.add(type);
        }
    }

    /** The class that a closure was written in, outside all closures; the closure's own if that cannot be found. */
    private static Class<?> writer(Class<?> closure) {
        Class<?> writer = closure;
        while (CompilerMarks.isClosure(writer)) {
            Class<?> current = writer;
            Class<?> outer = ForeignClasses.orAbsent(closure, current::getEnclosingClass);
            if (outer == null) {
                String name = current.getName();
                int end = name.indexOf("$_");
                outer = end < 0 ? null : ForeignClasses.load(name.substring(0, end), closure.getClassLoader());
            }
            if (outer == null) {
                return closure;
            }
            writer = outer;
        }
        return writer;
    }

    private static boolean isA(Class<?> type, String name) {
        return Supertypes.of(type).stream().anyMatch(each -> each.getName().equals(name));
    }
}
