package dev.loomscope.core;

import dev.loomscope.core.MethodCalls.GroovyCall;
import dev.loomscope.core.MethodCalls.InlinedFunction;
import java.lang.reflect.Method;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.Type;

/**
 * What the user wrote in the body of a lambda calls. Compilers spread such a body over methods of their own, such as
 * adapters and accessors: calls of those count as the calls that they make.
 *
 * <p>Owner thread only, while a task is inspected.
 */
final class CodeBody {
    private static final int MAX_METHODS = 32;

    private final @Nullable ClassLoader loader;
    private final Set<MethodName> targets = new LinkedHashSet<>();
    private final Set<GroovyCall> groovy = new LinkedHashSet<>();
    private final Set<String> constants = new LinkedHashSet<>();
    private final Set<InlinedFunction> inlined = new LinkedHashSet<>();
    private final Set<MethodName> seen = new HashSet<>();
    private final ArrayDeque<MethodName> open = new ArrayDeque<>();
    private int line;
    private boolean callsFunctions;

    CodeBody(@Nullable ClassLoader loader) {
        this.loader = loader;
    }

    /** Reads what {@code root}, a method of {@code holder}, calls. */
    void add(Class<?> holder, MethodName root) {
        MethodCalls calls = MethodCalls.of(holder, root);
        if (calls != null) {
            add(root, calls);
        }
    }

    /** Takes in what {@code root} was found to call. */
    void add(MethodName root, MethodCalls calls) {
        if (seen.add(root)) {
            take(root, calls);
            while (!open.isEmpty() && seen.size() < MAX_METHODS) {
                follow(open.remove());
            }
        }
    }

    /** The methods that are called. */
    Set<MethodName> targets() {
        return targets;
    }

    Set<GroovyCall> groovy() {
        return groovy;
    }

    Set<String> constants() {
        return constants;
    }

    Set<InlinedFunction> inlined() {
        return inlined;
    }

    /** The first line in the source, 0 if it is unknown. */
    int line() {
        return line;
    }

    /** Whether it calls a function of Kotlin or Scala or a closure of Groovy: an object with code of its own. */
    boolean callsFunctions() {
        return callsFunctions;
    }

    private void follow(MethodName name) {
        Class<?> owner = ForeignClasses.load(name.ownerName(), loader);
        MethodCalls calls = owner == null || !seen.add(name) ? null : MethodCalls.of(owner, name);
        if (calls != null) {
            take(name, calls);
        }
    }

    private void take(MethodName from, MethodCalls calls) {
        line = line == 0 ? calls.line() : line;
        groovy.addAll(calls.groovy());
        constants.addAll(calls.constants());
        inlined.addAll(calls.inlined());
        for (MethodName target : calls.targets()) {
            if (CompilerMarks.isFunctionCall(target)) {
                callsFunctions = true;
            } else if (saysSomething(from, target)) {
                (isMadeByCompiler(target) ? open : targets).add(target);
            }
        }
    }

    // The libraries of languages have no kinds; a stub for default arguments also calls what computes these.
    private static boolean saysSomething(MethodName from, MethodName target) {
        return !CompilerMarks.isOfLanguage(target.owner())
                && (!CompilerMarks.isDefaultStub(from) || CompilerMarks.isStubOf(from, target));
    }

    private boolean isMadeByCompiler(MethodName target) {
        if (CompilerMarks.isScalaBody(target.name())) {
            return true;
        }
        Class<?> owner = ForeignClasses.load(target.ownerName(), loader);
        if (owner == null) {
            return false;
        }
        for (Method method : ForeignClasses.methods(owner)) {
            if (method.isSynthetic()
                    && !method.isBridge()
                    && method.getName().equals(target.name())
                    && Type.getMethodDescriptor(method).equals(target.descriptor())) {
                return KindAnnotations.on(method).isEmpty();
            }
        }
        return false;
    }
}
