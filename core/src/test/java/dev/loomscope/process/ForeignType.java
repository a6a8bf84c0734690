package dev.loomscope.process;

import java.io.Serializable;
import java.lang.invoke.MethodHandles;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/** A class that is on no class path: it exists only in the JVM that has made it. */
final class ForeignType {

    private static final String PACKAGE = "dev/loomscope/process/";

    private ForeignType() {}

    /** Makes a value type of this name, and one value of it. */
    static Object create(String name) {
        return create(name, "java/lang/Object");
    }

    /** Makes an exception type of this name, and one exception of it. */
    static RuntimeException createException(String name) {
        return (RuntimeException) create(name, "java/lang/RuntimeException");
    }

    private static Object create(String name, String parent) {
        ClassWriter type = new ClassWriter(ClassWriter.COMPUTE_MAXS);
        String[] interfaces = {Serializable.class.getName().replace('.', '/')};
        type.visit(Opcodes.V17, Opcodes.ACC_PUBLIC, PACKAGE + name, null, parent, interfaces);
        MethodVisitor constructor = type.visitMethod(Opcodes.ACC_PUBLIC, "<init>", "()V", null, null);
        constructor.visitVarInsn(Opcodes.ALOAD, 0);
        constructor.visitMethodInsn(Opcodes.INVOKESPECIAL, parent, "<init>", "()V", false);
        constructor.visitInsn(Opcodes.RETURN);
        constructor.visitMaxs(0, 0);
        try {
            return MethodHandles.lookup()
                    .defineClass(type.toByteArray())
                    .getConstructor()
                    .newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }
}
