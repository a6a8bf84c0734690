package dev.loomscope.process;

/**
 * How many bytes of a task or of a result are kept, and what those are told who have more. Whatever its size, it is counted to its
 * end, so that the message says how large it is.
 *
 * @param bytes the most that is kept
 * @param reason why not more, and what to do about it, as the end of a sentence about a size
 */
record PayloadLimit(long bytes, String reason) {

    private static final long MAX_BYTES = Integer.MAX_VALUE;
    private static final int MIB = 1 << 20;
    private static final String ADVICE = "Send it in pieces, or leave it in a file.";
    private static final PayloadLimit OF_PROTOCOL =
            new PayloadLimit(MAX_BYTES, "more than the 2 GiB that can be sent. " + ADVICE);

    /** For the tasks of a pool: those that are larger than a worker's heap could not even arrive. */
    static PayloadLimit ofTasks(ProcessPoolConfig config) {
        long heap = (long) config.maxHeapMiB() * MIB;
        return HeapBound.option(config).isEmpty() && heap < MAX_BYTES
                ? new PayloadLimit(
                        heap,
                        "more than the heap of a worker: raise %s. %s".formatted(HeapBound.describe(config), ADVICE))
                : OF_PROTOCOL;
    }

    /** For what need not fit anywhere else. */
    static PayloadLimit ofProtocol() {
        return OF_PROTOCOL;
    }

    /** Says of something that was not kept how large it is, and why that is too large. If it is not, memory has run out. */
    String describe(long size) {
        return size > bytes
                ? "%s bytes, %s".formatted(size, reason)
                : "%s bytes, for which a heap of %s MiB has no room. %s"
                        .formatted(size, Runtime.getRuntime().maxMemory() / MIB, ADVICE);
    }
}
