package dev.loomscope.process;

import java.io.InvalidObjectException;
import java.io.ObjectStreamException;
import java.io.Serializable;
import java.lang.reflect.InvocationTargetException;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * Stands for a method closure of Groovy, {@code Report.&of}, in the bytes of a task. Groovy refuses to read method closures, because
 * bytes of strangers could name any method. The bytes of a task come from the JVM that the worker belongs to. Results never contain one:
 * {@link ResultFilter} rejects it.
 */
final class MethodClosureStub implements Serializable {

    private static final long serialVersionUID = 1;
    private static final String TYPE = "org.codehaus.groovy.runtime.MethodClosure";
    private static final String WRAPPERS = "org.codehaus.groovy.runtime.wrappers.";

    @SuppressWarnings("serial") // what is not serializable is the user's, and reported
    private final Object owner;

    private final String method;
    private final Class<?> type; // of the method closure, in the class loader that has it

    private MethodClosureStub(Object owner, String method, Class<?> type) {
        this.owner = owner;
        this.method = method;
        this.type = type;
    }

    /** Returns what to write for an object: itself, unless it is a method closure. */
    static Object replace(Object object) {
        if (!(object instanceof Callable) || !object.getClass().getName().equals(TYPE)) {
            return object;
        }
        try {
            Class<?> type = object.getClass();
            Object owner = type.getMethod("getOwner").invoke(object);
            String method = (String) type.getMethod("getMethod").invoke(object);
            return new MethodClosureStub(unwrap(owner), method, type);
        } catch (ReflectiveOperationException | RuntimeException e) {
            return object; // the worker will refuse it
        }
    }

    // The owner of this.&method is wrapped.
    private static Object unwrap(Object owner) throws ReflectiveOperationException {
        if (!owner.getClass().getName().startsWith(WRAPPERS)) {
            return owner;
        }
        return owner.getClass().getMethod("unwrap").invoke(owner);
    }

    private Object readResolve() throws ObjectStreamException {
        try {
            return type.getConstructor(Object.class, String.class).newInstance(owner, method);
        } catch (InvocationTargetException e) {
            throw failed(e.getCause());
        } catch (ReflectiveOperationException | RuntimeException e) {
            throw failed(e);
        }
    }

    private InvalidObjectException failed(@Nullable Throwable cause) {
        var failure = new InvalidObjectException("no method closure of '%s' could be made".formatted(method));
        failure.initCause(cause);
        return failure;
    }
}
