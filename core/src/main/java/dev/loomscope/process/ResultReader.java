package dev.loomscope.process;

import java.io.IOException;
import java.io.InvalidObjectException;
import org.jspecify.annotations.Nullable;

/**
 * Reads what came from a worker, which may be hostile: first as data, and only if the memory of this JVM allows for what it will
 * take, as objects.
 */
final class ResultReader {

    private final ResultMemory memory;

    /** Makes objects of a payload. */
    @FunctionalInterface
    interface Decoder<T extends @Nullable Object> {
        T decode(Payload payload) throws Exception;
    }

    ResultReader(ResultMemory memory) {
        this.memory = memory;
    }

    /**
     * Reads one object.
     *
     * @throws IOException if it is turned down, or takes too much
     * @throws Exception what the decoder throws
     */
    <T extends @Nullable Object> T read(Payload payload, SerialScan.Form form, Decoder<T> decoder) throws Exception {
        long heap = SerialScan.heapOf(payload, form, memory.left());
        if (!memory.tryReserve(heap)) {
            throw new InvalidObjectException(
                    "its objects take %s MiB, and %s".formatted(heap >> 20, memory.describe()));
        }
        try {
            return decoder.decode(payload);
        } finally {
            memory.release(heap);
        }
    }
}
