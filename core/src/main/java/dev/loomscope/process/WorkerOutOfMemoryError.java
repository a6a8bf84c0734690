package dev.loomscope.process;

import java.io.Serial;
import java.util.Locale;

/**
 * A CPU task has run out of memory, in its worker and not in this JVM. The message says which memory it was and what raises its bound;
 * the cause is what the task threw, with its stack. The worker gets no other task, and is replaced.
 */
public final class WorkerOutOfMemoryError extends OutOfMemoryError {

    @Serial
    private static final long serialVersionUID = 1L;

    private final Memory memory;

    /** A part of a JVM's memory that has a bound of its own. */
    public enum Memory {
        /** Objects: {@link ProcessPoolConfig#withMaxHeapMiB}. */
        HEAP,
        /** Classes: {@code -XX:MaxMetaspaceSize} and {@code -XX:CompressedClassSpaceSize}. */
        METASPACE,
        /** Direct buffers: {@code -XX:MaxDirectMemorySize}, which is as much as the heap if it is not set. */
        DIRECT,
        /** Platform threads: limits of the system, and the size of their stacks. */
        THREADS,
        /** Something else; the cause tells. */
        OTHER
    }

    private WorkerOutOfMemoryError(String message, Memory memory, Throwable cause) {
        super(message);
        this.memory = memory;
        initCause(cause);
    }

    static WorkerOutOfMemoryError of(String task, Worker worker, ProcessPoolConfig config, Throwable thrown) {
        String reason = reason(thrown);
        Memory memory = memoryOf(reason.toLowerCase(Locale.ROOT));
        String message = "CPU task '%s' ran out of memory in worker %s of pool '%s' (%s). %s"
                .formatted(
                        task, worker, config.name(), reason, advice(memory, config.withMaxHeapMiB(worker.heapMiB())));
        return new WorkerOutOfMemoryError(message, memory, thrown);
    }

    // Of the error itself, which may be wrapped; it may also be one that could not come back as itself.
    private static String reason(Throwable thrown) {
        Throwable next = thrown;
        for (int i = 0; i < RemoteTrace.MAX_CAUSES && next != null; i++) {
            if (next instanceof OutOfMemoryError || next instanceof RemoteTaskException) {
                String message = messageOf(next);
                if (next instanceof OutOfMemoryError || message.startsWith(OutOfMemoryError.class.getName())) {
                    return message;
                }
            }
            next = RemoteTrace.causeOf(next);
        }
        return "no further reason";
    }

    private static String messageOf(Throwable thrown) {
        return thrown.getMessage() == null ? "no further reason" : thrown.getMessage();
    }

    private static Memory memoryOf(String reason) {
        if (reason.contains("heap space") || reason.contains("gc overhead")) {
            return Memory.HEAP;
        }
        if (reason.contains("metaspace") || reason.contains("class space")) {
            return Memory.METASPACE;
        }
        if (reason.contains("direct buffer")) {
            return Memory.DIRECT;
        }
        return reason.contains("native thread") ? Memory.THREADS : Memory.OTHER;
    }

    private static String advice(Memory memory, ProcessPoolConfig config) {
        return switch (memory) {
            case HEAP -> "If it needs more heap, raise %s.".formatted(HeapBound.describe(config));
            case METASPACE ->
                "If it needs more classes, raise their bound: withJvmOptions(\"-XX:MaxMetaspaceSize=...\") or, for class space, "
                        + "\"-XX:CompressedClassSpaceSize=...\".";
            case DIRECT ->
                "If it needs more direct buffers, raise their bound: withJvmOptions(\"-XX:MaxDirectMemorySize=...\"); if that is not "
                        + "set, it is that of the heap, %s.".formatted(HeapBound.describe(config));
            case THREADS ->
                "If it needs that many threads, raise what the system allows (ulimit -u, pids of the container), or let their stacks "
                        + "be smaller: withJvmOptions(\"-Xss...\").";
            case OTHER -> "Its cause has the stack.";
        };
    }

    /** Which memory it was. */
    public Memory memory() {
        return memory;
    }
}
