package dev.loomscope.core;

import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.Type;

/**
 * A method as class files name it.
 *
 * @param owner the internal name of the class in which it is looked up: {@code com/acme/Report}
 * @param descriptor its parameters and result: {@code (I)Ljava/lang/String;}
 */
record MethodName(String owner, String name, String descriptor) {
    private static final String CONSTRUCTOR = "<init>";

    /** The owner as {@link Class#getName} has it. */
    String ownerName() {
        return owner.replace('/', '.');
    }

    boolean isConstructor() {
        return name.equals(CONSTRUCTOR);
    }

    /** For people: {@code com.acme.Report.of(String, int)}. */
    @Override
    public String toString() {
        String parameters = Arrays.stream(Type.getArgumentTypes(descriptor))
                .map(Type::getClassName)
                .map(type -> type.substring(type.lastIndexOf('.') + 1))
                .collect(Collectors.joining(", ", "(", ")"));
        return ownerName() + (isConstructor() ? "::new" : "." + name + parameters);
    }

    // Not the one that the JDK makes for records: on JDK 25 a call of that keeps our class loader from being unloaded.
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof MethodName that
                && owner.equals(that.owner)
                && name.equals(that.name)
                && descriptor.equals(that.descriptor);
    }

    @Override
    public int hashCode() {
        return Objects.hash(owner, name, descriptor);
    }
}
