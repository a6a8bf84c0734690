package dev.loomscope.core;

import dev.loomscope.core.MethodCalls.GroovyCall;
import dev.loomscope.core.MethodCalls.InlinedFunction;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.Handle;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;

/** Collects what one method calls. */
final class BodyVisitor extends MethodVisitor {
    private static final String GROOVY_BOOTSTRAP = "org/codehaus/groovy/vmplugin/v8/IndyInterface";
    private static final String INLINE_MARK = "$i$f$"; // the name of a local variable, before that of the function

    private final int access;
    private final Set<MethodName> targets = new LinkedHashSet<>();
    private final Set<GroovyCall> groovy = new LinkedHashSet<>();
    private final Map<Label, Integer> lineAt = new HashMap<>();
    private final Map<Label, String> inlinedAt = new LinkedHashMap<>();
    private final Set<String> constants = new LinkedHashSet<>();
    private int line; // the first
    private int currentLine;

    BodyVisitor(int access) {
        super(Opcodes.ASM9);
        this.access = access;
    }

    /** Returns what was found, when the class has been read to its end. */
    MethodCalls result(String owner, KotlinLines lines) {
        Set<InlinedFunction> inlined = new LinkedHashSet<>();
        inlinedAt.forEach((label, function) ->
                inlined.add(new InlinedFunction(lines.classAt(lineAt.getOrDefault(label, 0), owner), function)));
        return new MethodCalls(access, line, targets, groovy, constants, inlined);
    }

    @Override
    public void visitMethodInsn(int opcode, String owner, String name, String descriptor, boolean isInterface) {
        var target = new MethodName(owner, name, descriptor);
        if (!target.isConstructor() && !owner.startsWith("java/")) {
            targets.add(target);
        }
    }

    @Override
    public void visitInvokeDynamicInsn(String name, String descriptor, Handle bootstrap, Object... arguments) {
        if (!bootstrap.getOwner().equals(GROOVY_BOOTSTRAP)
                || arguments.length == 0
                || !(arguments[0] instanceof String called)) {
            return;
        }
        boolean property = name.equals("getProperty");
        if (name.equals("invoke") || property) {
            Type[] parameters = Type.getArgumentTypes(descriptor);
            boolean object = parameters.length > 0 && parameters[0].getSort() == Type.OBJECT;
            String receiver = object ? parameters[0].getInternalName() : GroovyCall.UNKNOWN;
            groovy.add(new GroovyCall(receiver, called, property));
        }
    }

    @Override
    public void visitLdcInsn(Object value) {
        if (value instanceof Type type && type.getSort() == Type.OBJECT) {
            constants.add(type.getInternalName());
        }
    }

    @Override
    public void visitLineNumber(int number, Label start) {
        line = line == 0 ? number : line;
        currentLine = number;
        lineAt.put(start, number);
    }

    @Override
    public void visitLabel(Label label) {
        lineAt.put(label, currentLine);
    }

    @Override
    public void visitLocalVariable(
            String name, String descriptor, @Nullable String signature, Label start, Label end, int index) {
        if (name.startsWith(INLINE_MARK)) {
            inlinedAt.put(start, name.substring(INLINE_MARK.length()));
        }
    }
}
