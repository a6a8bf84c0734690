package dev.loomscope.process;

import java.io.IOException;
import java.io.InputStream;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/** A class of ours as another version might have it: with a method that does something else. */
record PatchedClass(byte[] original) {

    /** Puts itself before what writes a method. */
    interface Change {
        MethodVisitor before(MethodVisitor out);
    }

    static PatchedClass of(Class<?> type) throws IOException {
        try (InputStream in = type.getResourceAsStream(type.getSimpleName() + ".class")) {
            return new PatchedClass(in.readAllBytes());
        }
    }

    byte[] inMethod(String method, Change change) {
        ClassWriter writer = new ClassWriter(ClassWriter.COMPUTE_MAXS);
        new ClassReader(original)
                .accept(
                        new ClassVisitor(Opcodes.ASM9, writer) {
                            @Override
                            public MethodVisitor visitMethod(
                                    int access, String name, String descriptor, String signature, String[] thrown) {
                                MethodVisitor out = super.visitMethod(access, name, descriptor, signature, thrown);
                                return name.equals(method) ? change.before(out) : out;
                            }
                        },
                        0);
        return writer.toByteArray();
    }
}
