package dev.loomscope.process;

import java.io.ObjectInputFilter.FilterInfo;

/**
 * What a stream of so many bytes may ask for: each element of an array takes a byte at least, and a hash table is not much larger
 * than what is in it.
 *
 * <p>Not thread-safe: made for one stream.
 */
final class StreamLimits {

    private static final int MAX_DEPTH = 10_000;
    private static final int SLACK = 2; // elements per byte, of all arrays and tables together
    private static final int SMALL = 64; // bytes, for tables of a few elements

    private final long bytes;
    private long elements; // of all so far

    StreamLimits(long bytes) {
        this.bytes = bytes;
    }

    /** Whether the stream asks for more than its bytes can mean; asked once for each step. */
    boolean exceeds(FilterInfo info) {
        elements += Math.max(0, info.arrayLength());
        return info.depth() > MAX_DEPTH || elements > (bytes + SMALL) * SLACK;
    }

    /** What it asked for last, for messages. */
    String describe(FilterInfo info) {
        return "an array of %s elements, %s in all, or a depth of %s, in %s bytes"
                .formatted(Math.max(0, info.arrayLength()), elements, info.depth(), bytes);
    }
}
