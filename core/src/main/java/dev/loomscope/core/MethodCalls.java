package dev.loomscope.core;

import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * What the body of one method calls, read from its class file.
 *
 * @param synthetic whether the compiler made the method
 * @param line its first line in the source, 0 if the class file does not say
 * @param targets the methods it calls, in the order of the code; neither constructors nor methods of {@code java.*},
 *     and not what a lambda inside it calls
 */
record MethodCalls(boolean synthetic, int line, Set<MethodName> targets) {
    private static final int MAJOR_VERSION_AT = 6; // after magic number and minor version; two bytes, high one first

    /** Returns the calls of a method, or null if {@code type} has no readable class file or no such method in it. */
    static @Nullable MethodCalls of(Class<?> type, MethodName method) {
        return ForeignClasses.orAbsent(type, () -> {
            byte[] classFile = ForeignClasses.classFile(type);
            if (classFile == null) {
                return null;
            }
            var finder = new MethodFinder(method);
            new ClassReader(readable(classFile)).accept(finder, ClassReader.SKIP_FRAMES);
            return finder.found == null ? null : finder.found.result();
        });
    }

    /**
     * Makes the class file of a newer JDK readable. ASM refuses versions that it has not heard of, although calls have
     * been encoded in the same way since Java 1.0, so the file claims to be of Java 21: every ASM that we can meet knows
     * that one, also an older one that the user's build prefers. What is really unknown in the file is still an error.
     */
    static byte[] readable(byte[] classFile) {
        int major = (classFile[MAJOR_VERSION_AT] & 0xff) << 8 | (classFile[MAJOR_VERSION_AT + 1] & 0xff);
        if (major <= Opcodes.V21) {
            return classFile;
        }
        byte[] patched = classFile.clone();
        patched[MAJOR_VERSION_AT] = 0;
        patched[MAJOR_VERSION_AT + 1] = Opcodes.V21;
        return patched;
    }

    private static final class MethodFinder extends ClassVisitor {
        private final MethodName wanted;
        private @Nullable CallCollector found;

        MethodFinder(MethodName wanted) {
            super(Opcodes.ASM9);
            this.wanted = wanted;
        }

        @Override
        public @Nullable MethodVisitor visitMethod(
                int access,
                String name,
                String descriptor,
                @Nullable String signature,
                String @Nullable [] exceptions) {
            if (!name.equals(wanted.name()) || !descriptor.equals(wanted.descriptor())) {
                return null;
            }
            found = new CallCollector((access & Opcodes.ACC_SYNTHETIC) != 0);
            return found;
        }
    }

    private static final class CallCollector extends MethodVisitor {
        private final boolean synthetic;
        private final Set<MethodName> targets = new LinkedHashSet<>();
        private int line;

        CallCollector(boolean synthetic) {
            super(Opcodes.ASM9);
            this.synthetic = synthetic;
        }

        MethodCalls result() {
            return new MethodCalls(synthetic, line, targets);
        }

        @Override
        public void visitMethodInsn(int opcode, String owner, String name, String descriptor, boolean isInterface) {
            var target = new MethodName(owner, name, descriptor);
            if (!target.isConstructor() && !owner.startsWith("java/")) {
                targets.add(target);
            }
        }

        @Override
        public void visitLineNumber(int number, Label start) {
            line = line == 0 ? number : line;
        }
    }
}
