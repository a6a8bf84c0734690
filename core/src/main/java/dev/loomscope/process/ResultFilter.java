package dev.loomscope.process;

import dev.loomscope.core.TaskNotSerializableException;
import dev.loomscope.process.TaskCodec.EncodedTask;
import java.io.ObjectInputFilter;
import java.lang.invoke.MethodType;
import java.lang.invoke.SerializedLambda;
import java.security.ProtectionDomain;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a worker may send back: value types of the JDK and of the libraries of Kotlin, Scala and Groovy, types of the task's own code, and
 * what the pool's configuration allows by name.
 *
 * <p>"The task's own code" are the jars and folders of the classes that went out with the task, and of the type that it is
 * declared to return: all known here, so that a worker that was taken over cannot widen them.
 *
 * <p>Not thread-safe: made for one result. {@link #rejected} says what it turned down.
 */
final class ResultFilter implements ObjectInputFilter {

    private static final Set<String> VALUE_PACKAGES = Set.of(
            "java.math",
            "java.time",
            "java.time.chrono",
            "java.time.zone",
            "java.util",
            "java.util.concurrent",
            "java.util.concurrent.atomic",
            "java.util.concurrent.locks",
            "java.util.regex");
    private static final Set<String> VALUE_TYPES = Set.of(
            "java.lang.Boolean",
            "java.lang.Byte",
            "java.lang.Character",
            "java.lang.Class", // what it names is checked as well
            "java.lang.Double",
            "java.lang.Enum",
            "java.lang.Float",
            "java.lang.Integer",
            "java.lang.Long",
            "java.lang.Number",
            "java.lang.Object",
            "java.lang.Short",
            "java.lang.StackTraceElement",
            "java.lang.String",
            "java.lang.String$CaseInsensitiveComparator",
            "java.io.File",
            "java.net.Inet4Address",
            "java.net.Inet6Address",
            "java.net.InetAddress",
            "java.net.InetSocketAddress",
            "java.net.SocketAddress",
            "java.net.URI",
            "java.sql.Date",
            "java.sql.Time",
            "java.sql.Timestamp",
            "sun.util.calendar.ZoneInfo");

    private final EncodedTask task;
    private final long bytes;
    private StreamLimits limits;
    private final ObjectInputFilter allowedByName;
    private @Nullable Set<Object> ownCode; // made when first needed
    private @Nullable String rejected;
    private boolean rejectedByName;

    /**
     * Makes one.
     *
     * @param bytes the size of what will be read
     */
    ResultFilter(EncodedTask task, long bytes, ObjectInputFilter allowedByName) {
        this.task = task;
        this.bytes = bytes;
        this.limits = new StreamLimits(bytes);
        this.allowedByName = allowedByName;
    }

    /** A stream is read from its beginning. */
    void restart() {
        limits = new StreamLimits(bytes);
    }

    /** What was turned down, in words; null if nothing was. */
    @Nullable
    String rejected() {
        return rejected;
    }

    /** Whether what was turned down is a class that the configuration could allow. */
    boolean rejectedByName() {
        return rejectedByName;
    }

    /** Where the classes of a result are looked up, in this order. */
    List<ClassLoader> loaders() {
        Set<ClassLoader> loaders = new LinkedHashSet<>();
        task.classes().forEach(type -> loaders.add(type.getClassLoader()));
        loaders.add(Thread.currentThread().getContextClassLoader());
        loaders.remove(null);
        return List.copyOf(loaders);
    }

    @Override
    public Status checkInput(FilterInfo info) {
        if (limits.exceeds(info)) {
            rejected = limits.describe(info);
            return Status.REJECTED;
        }
        Class<?> type = info.serialClass();
        if (type == null) {
            return Status.UNDECIDED;
        }
        if (isAllowed(elementType(type)) || allowedByName.checkInput(info) == Status.ALLOWED) {
            return Status.ALLOWED;
        }
        rejected = elementType(type).getTypeName();
        rejectedByName = true;
        return Status.REJECTED;
    }

    private boolean isAllowed(Class<?> type) {
        if (type.isPrimitive()) {
            return true;
        }
        if (type == MethodClosureStub.class) {
            return false; // for tasks only: it can name any method
        }
        Object origin = originOf(type);
        return origin == null
                ? isValueOfTheJdk(type)
                : LanguageValues.contains(type) || ownCode().contains(origin);
    }

    private static boolean isValueOfTheJdk(Class<?> type) {
        return type.isInterface() // of which there are no objects: the type of an array, or one that was named
                || type.isEnum()
                || VALUE_TYPES.contains(type.getName())
                || VALUE_PACKAGES.contains(type.getPackageName())
                || Throwable.class.isAssignableFrom(type);
    }

    private Set<Object> ownCode() {
        if (ownCode == null) {
            Set<Object> origins = new LinkedHashSet<>();
            task.classes().forEach(type -> addOrigin(elementType(type), origins));
            addOrigin(TaskNotSerializableException.class, origins); // what a worker itself has to say
            SerializedLambda lambda = task.lambda();
            if (lambda != null) {
                addReturnType(lambda, origins);
            }
            ownCode = origins;
        }
        return ownCode;
    }

    private void addReturnType(SerializedLambda lambda, Set<Object> origins) {
        for (ClassLoader loader : loaders()) {
            try {
                MethodType code = MethodType.fromMethodDescriptorString(lambda.getInstantiatedMethodType(), loader);
                addOrigin(elementType(code.returnType()), origins);
                return;
            } catch (TypeNotPresentException e) {
                // the next loader may know it; if none does, the type cannot arrive either
            }
        }
    }

    private static void addOrigin(Class<?> type, Set<Object> origins) {
        Object origin = originOf(type);
        if (origin != null) {
            origins.add(origin);
        }
    }

    // The jar or folder of a class; where a class loader names none, its protection domain; null for the JDK's own.
    private static @Nullable Object originOf(Class<?> type) {
        ProtectionDomain domain = type.getProtectionDomain();
        if (type.getClassLoader() == null || type.getClassLoader() == ClassLoader.getPlatformClassLoader()) {
            return null;
        }
        boolean located =
                domain.getCodeSource() != null && domain.getCodeSource().getLocation() != null;
        return located ? domain.getCodeSource().getLocation().toString() : domain;
    }

    private static Class<?> elementType(Class<?> type) {
        Class<?> element = type;
        while (element.isArray()) {
            element = element.getComponentType();
        }
        return element;
    }
}
