package dev.loomscope.core;

import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * What the body of one method calls, read from its class file.
 *
 * @param access its modifiers, as in the class file
 * @param line its first line in the source, 0 if the class file does not say
 * @param targets the methods it calls, in the order of the code; neither constructors nor methods of {@code java.*},
 *     and not what a lambda inside it calls
 * @param groovy the calls that Groovy resolves at run time
 * @param constants the internal names of the classes that it loads as constants, as the receivers of static calls in Groovy
 * @param inlined the Kotlin functions whose bodies kotlinc copied into it, where the class file says so
 */
record MethodCalls(
        int access,
        int line,
        Set<MethodName> targets,
        Set<GroovyCall> groovy,
        Set<String> constants,
        Set<InlinedFunction> inlined) {
    private static final int MAJOR_VERSION_AT = 6; // after magic number and minor version; two bytes, high one first

    /**
     * A call that Groovy resolves at run time.
     *
     * @param receiver the internal name of the static type of the receiver
     * @param name the method, or the property
     * @param property whether it reads a property
     */
    record GroovyCall(String receiver, String name, boolean property) {
        static final String UNKNOWN = "java/lang/Object";
        static final String STATIC = "java/lang/Class";

        // Not the one that the JDK makes for records: on JDK 25 a call of that keeps our class loader from being
        // unloaded.
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof GroovyCall that
                    && receiver.equals(that.receiver)
                    && name.equals(that.name)
                    && property == that.property;
        }

        @Override
        public int hashCode() {
            return Objects.hash(receiver, name, property);
        }
    }

    /**
     * An inline function.
     *
     * @param owner the internal name of its class
     */
    record InlinedFunction(String owner, String name) {
        // Not the one that the JDK makes for records: on JDK 25 a call of that keeps our class loader from being
        // unloaded.
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof InlinedFunction that && owner.equals(that.owner) && name.equals(that.name);
        }

        @Override
        public int hashCode() {
            return Objects.hash(owner, name);
        }
    }

    boolean synthetic() {
        return (access & Opcodes.ACC_SYNTHETIC) != 0;
    }

    /** Whether the method is {@code private static}, as the bodies of Kotlin's lambdas are. */
    boolean privateStatic() {
        int both = Opcodes.ACC_PRIVATE | Opcodes.ACC_STATIC;
        return (access & both) == both;
    }

    /** Returns the calls of a method, or null if {@code type} has no readable class file or no such method in it. */
    static @Nullable MethodCalls of(Class<?> type, MethodName method) {
        return ForeignClasses.orAbsent(type, () -> {
            byte[] classFile = ForeignClasses.classFile(type);
            if (classFile == null) {
                return null;
            }
            var finder = new MethodFinder(method);
            new ClassReader(readable(classFile)).accept(finder, ClassReader.SKIP_FRAMES);
            return finder.result();
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
        private @Nullable BodyVisitor found;
        private KotlinLines lines = KotlinLines.NONE;

        MethodFinder(MethodName wanted) {
            super(Opcodes.ASM9);
            this.wanted = wanted;
        }

        @Nullable
        MethodCalls result() {
            return found == null ? null : found.result(wanted.owner(), lines);
        }

        @Override
        public void visitSource(@Nullable String source, @Nullable String debug) {
            lines = KotlinLines.parse(debug);
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
            found = new BodyVisitor(access);
            return found;
        }
    }
}
