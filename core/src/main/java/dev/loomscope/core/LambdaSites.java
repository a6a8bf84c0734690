package dev.loomscope.core;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.Handle;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;

/**
 * Finds what a lambda may be when it does not tell: one that is not serializable does not say which method implements it.
 * The class that it was written in has a list of all lambdas, and some of them have the same interface and captures.
 */
final class LambdaSites {
    private static final String MARK = "$$Lambda";
    private static final String FACTORY = "java/lang/invoke/LambdaMetafactory";
    private static final Set<String> FACTORY_METHODS = Set.of("metafactory", "altMetafactory");
    private static final int IMPLEMENTATION = 1; // among the arguments of both

    private LambdaSites() {}

    /** Returns the class that a lambda was written in, null if it cannot be found. */
    static @Nullable Class<?> writer(Class<?> lambda) {
        String name = lambda.getName();
        int end = name.indexOf(MARK);
        return end < 0 ? null : ForeignClasses.load(name.substring(0, end), lambda.getClassLoader());
    }

    /** Returns the methods of which one implements the lambda; none if they cannot be read. */
    static List<MethodName> candidates(Class<?> lambda, Class<?> writer) {
        List<MethodName> found = ForeignClasses.orAbsent(writer, () -> {
            byte[] classFile = ForeignClasses.classFile(writer);
            if (classFile == null) {
                return List.of();
            }
            var finder = new SiteFinder(shapeOf(lambda), lambda.getInterfaces());
            new ClassReader(MethodCalls.readable(classFile))
                    .accept(finder, ClassReader.SKIP_FRAMES | ClassReader.SKIP_DEBUG);
            return finder.found;
        });
        return found == null ? List.of() : found;
    }

    /** The types of what was captured, as in a method descriptor. */
    private static String shapeOf(Class<?> lambda) {
        var shape = new StringBuilder("(");
        for (Field field : lambda.getDeclaredFields()) {
            if (!Modifier.isStatic(field.getModifiers())) {
                shape.append(Type.getDescriptor(field.getType()));
            }
        }
        return shape.append(')').toString();
    }

    private static final class SiteFinder extends ClassVisitor {
        private final String shape;
        private final Class<?>[] interfaces;
        private final List<MethodName> found = new ArrayList<>();

        SiteFinder(String shape, Class<?>[] interfaces) {
            super(Opcodes.ASM9);
            this.shape = shape;
            this.interfaces = interfaces;
        }

        @Override
        public MethodVisitor visitMethod(
                int access,
                String name,
                String descriptor,
                @Nullable String signature,
                String @Nullable [] exceptions) {
            return new MethodVisitor(Opcodes.ASM9) {
                @Override
                public void visitInvokeDynamicInsn(String method, String site, Handle bootstrap, Object... arguments) {
                    if (bootstrap.getOwner().equals(FACTORY)
                            && FACTORY_METHODS.contains(bootstrap.getName())
                            && fits(site)
                            && arguments[IMPLEMENTATION] instanceof Handle implementation) {
                        found.add(new MethodName(
                                implementation.getOwner(), implementation.getName(), implementation.getDesc()));
                    }
                }
            };
        }

        private boolean fits(String site) {
            if (!site.startsWith(shape)) {
                return false;
            }
            String type = Type.getReturnType(site).getClassName();
            for (Class<?> each : interfaces) {
                if (each.getName().equals(type)) {
                    return true;
                }
            }
            return false;
        }
    }
}
