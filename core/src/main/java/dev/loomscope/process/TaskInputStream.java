package dev.loomscope.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectStreamClass;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An object stream that reads under a filter, and looks up classes where it is told to. */
final class TaskInputStream extends ObjectInputStream {

    private final List<ClassLoader> loaders;
    private @Nullable String missing;

    TaskInputStream(InputStream in, ObjectInputFilter filter, List<ClassLoader> loaders) throws IOException {
        super(in);
        this.loaders = loaders;
        setObjectInputFilter(merged(filter));
    }

    // A stream's filter replaces the one of the JVM: keep both.
    private static ObjectInputFilter merged(ObjectInputFilter ours) {
        ObjectInputFilter global = ObjectInputFilter.Config.getSerialFilter();
        return global == null ? ours : ObjectInputFilter.merge(ours, global);
    }

    /** The class that could not be found; null if that did not happen. */
    @Nullable
    String missing() {
        return missing;
    }

    @Override
    protected Class<?> resolveClass(ObjectStreamClass description) throws IOException, ClassNotFoundException {
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
}
