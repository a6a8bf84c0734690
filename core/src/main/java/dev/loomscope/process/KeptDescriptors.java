package dev.loomscope.process;

import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * What serialization needs to know of the classes of a failure, made ahead and kept. It would be remembered softly: forgotten just when
 * memory is short, and when there is no room for classes any more, it cannot be made again.
 */
final class KeptDescriptors {

    private final List<ObjectStreamClass> descriptors = new ArrayList<>(); // never read: they only have to be there

    // Strings are written without one, which is looked up all the same; lists let themselves be replaced first.
    KeptDescriptors() {
        descriptors.add(ObjectStreamClass.lookupAny(String.class));
        descriptors.add(ObjectStreamClass.lookupAny(List.of().getClass()));
        descriptors.add(ObjectStreamClass.lookupAny(List.of(1).getClass()));
    }

    /** Writes an object to nowhere, and keeps what that takes. */
    void keepThoseOf(Object sample) throws IOException {
        try (ObjectOutputStream out = new Collector(OutputStream.nullOutputStream())) {
            out.writeObject(sample);
        }
    }

    private final class Collector extends ObjectOutputStream {

        Collector(OutputStream out) throws IOException {
            super(out);
        }

        @Override
        protected void writeClassDescriptor(ObjectStreamClass descriptor) throws IOException {
            descriptors.add(descriptor);
            super.writeClassDescriptor(descriptor);
        }
    }
}
