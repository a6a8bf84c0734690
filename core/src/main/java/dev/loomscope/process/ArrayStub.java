package dev.loomscope.process;

import java.io.Serial;
import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/** Stands in a stream of objects for an array that travels beside it. */
final class ArrayStub implements Serializable {

    @Serial
    private static final long serialVersionUID = 1L;

    private final int index;
    private final transient @Nullable Object array;

    /**
     * Makes one.
     *
     * @param index which of the arrays beside the stream
     * @param array for which it stands
     */
    ArrayStub(int index, Object array) {
        this.index = index;
        this.array = array;
    }

    int index() {
        return index;
    }

    /** For which it stands; null where it has arrived. */
    @Nullable
    Object array() {
        return array;
    }
}
