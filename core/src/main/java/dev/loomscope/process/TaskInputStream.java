package dev.loomscope.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.InvalidObjectException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectStreamClass;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the objects of a payload under a filter, looks up classes where it is told to, and puts the arrays beside the stream in place. */
final class TaskInputStream extends ObjectInputStream {

    private final List<ClassLoader> loaders;
    private final @Nullable Object[] arrays; // null for one that has its place
    private @Nullable String first;
    private @Nullable String missing;

    TaskInputStream(Payload payload, ObjectInputFilter filter, List<ClassLoader> loaders) throws IOException {
        this(payload.toInputStream(), payload.arrays(), filter, loaders);
    }

    /** Reads from the place where {@code objects} is, with these arrays beside it. */
    TaskInputStream(InputStream objects, List<RawArray> beside, ObjectInputFilter filter, List<ClassLoader> loaders)
            throws IOException {
        super(objects);
        this.loaders = loaders;
        this.arrays = beside.stream().map(RawArray::array).toArray();
        setObjectInputFilter(merged(filter));
        enableResolveObject(true);
    }

    // A stream's filter replaces the one of the JVM: keep both. Of what stands for an array, the latter need know
    // nothing: it sees the array.
    private static ObjectInputFilter merged(ObjectInputFilter ours) {
        ObjectInputFilter global = ObjectInputFilter.Config.getSerialFilter();
        if (global == null) {
            return ours;
        }
        ObjectInputFilter both = ObjectInputFilter.merge(ours, global);
        return info -> (info.serialClass() == ArrayStub.class ? ours : both).checkInput(info);
    }

    /** The class that was described first; null if there was none yet. */
    @Nullable
    String firstClass() {
        return first;
    }

    /** The class that could not be found; null if that did not happen. */
    @Nullable
    String missing() {
        return missing;
    }

    @Override
    protected Class<?> resolveClass(ObjectStreamClass description) throws IOException, ClassNotFoundException {
        if (first == null) {
            first = description.getName();
        }
        if (description.getName().equals(ArrayStub.class.getName())) {
            return ArrayStub.class; // this one, whoever has another
        }
        for (ClassLoader loader : loaders) {
            try {
                return Class.forName(description.getName(), false, loader);
            } catch (ClassNotFoundException e) {
                // the next loader may know it, and at last the stream's own rules, which also know primitives
            }
        }
        try {
            return super.resolveClass(description);
        } catch (ClassNotFoundException e) {
            missing = description.getName();
            throw e;
        }
    }

    // Each once, as they are written: an array that nobody shares stays so.
    @Override
    protected Object resolveObject(Object object) throws InvalidObjectException {
        if (!(object instanceof ArrayStub stub)) {
            return object;
        }
        int index = stub.index();
        Object array = index >= 0 && index < arrays.length ? arrays[index] : null;
        if (array == null) {
            throw new InvalidObjectException("array %s of the %s beside the stream, which is not there or in use"
                    .formatted(index, arrays.length));
        }
        arrays[index] = null;
        return array;
    }
}
