package dev.loomscope.process;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Who has called {@code System.exit} in a worker. The caller waits in that call until the JVM ends, and shutdown hooks run meanwhile:
 * one of ours looks for it and tells the pool. {@code Runtime.halt} runs no hooks: of that nothing is known.
 *
 * @param thread the name of the thread
 * @param stack its stack, from the call of exit on; empty if it is not known
 * @param hung whether the JVM had to be killed, since its shutdown hooks did not end
 */
record ExitCall(String thread, List<StackTraceElement> stack, boolean hung) {

    private static final String HOOKS = "java.lang.ApplicationShutdownHooks";
    private static final String SHUTDOWN = "java.lang.Shutdown";
    private static final int MAX_DEPTH = 256;
    private static final int MAX_TEXT = 512; // chars
    private static final int MAX_BYTES_OF_TEXT = Short.BYTES + 3 * MAX_TEXT; // as DataOutput writes it
    private static final int MAX_BYTES_OF_FRAME = 1 + 3 * MAX_BYTES_OF_TEXT + Integer.BYTES + 1; // with a last flag

    /** Lets this JVM, a worker, tell who ends it. */
    static void reportThrough(FrameChannel channel) {
        Thread hook = new Thread(() -> report(channel), "loom-scope-exit-report");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    private static void report(FrameChannel channel) {
        try {
            channel.write(underWay().toFrame());
        } catch (IOException e) {
            // the pool has retired this worker, and knows
        }
    }

    // A virtual thread is in no list of threads.
    private static ExitCall underWay() {
        for (Map.Entry<Thread, StackTraceElement[]> entry :
                Thread.getAllStackTraces().entrySet()) {
            List<StackTraceElement> stack = Arrays.asList(entry.getValue());
            if (stack.stream().anyMatch(frame -> frame.getClassName().equals(HOOKS))) {
                String name = entry.getKey().getName();
                return new ExitCall(name, RemoteTrace.userFramesInWorker(callers(stack)), false);
            }
        }
        return new ExitCall("a virtual one", List.of(), false);
    }

    private static List<StackTraceElement> callers(List<StackTraceElement> stack) {
        int first = 0;
        for (int i = 0; i < stack.size(); i++) {
            first = stack.get(i).getClassName().equals(SHUTDOWN) ? i + 1 : first;
        }
        return stack.subList(first, stack.size());
    }

    /** What the pool is told: as much of the stack as fits one frame of the channel. */
    Frame toFrame() throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(body);
        out.writeUTF(bounded(thread));
        for (StackTraceElement frame : stack.subList(0, Math.min(stack.size(), MAX_DEPTH))) {
            if (body.size() > Frame.MAX_BODY - MAX_BYTES_OF_FRAME) {
                break;
            }
            out.writeBoolean(true);
            out.writeUTF(bounded(frame.getClassName()));
            out.writeUTF(bounded(frame.getMethodName()));
            out.writeUTF(frame.getFileName() == null ? "" : bounded(frame.getFileName()));
            out.writeInt(frame.getLineNumber());
        }
        out.writeBoolean(false);
        return Frame.of(Frame.Type.EXITING, 0, body.toByteArray());
    }

    private static String bounded(String text) {
        return text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT);
    }

    /**
     * Reads what a worker has sent.
     *
     * @throws ProtocolException if it is something else
     */
    static ExitCall read(Frame frame) throws ProtocolException {
        byte[] body = new byte[frame.body().remaining()];
        frame.body().duplicate().get(body);
        try {
            return read(new DataInputStream(new ByteArrayInputStream(body)));
        } catch (IOException e) { // its end, too
            throw new ProtocolException("%s with %s bytes is no stack".formatted(frame.type(), body.length));
        }
    }

    private static ExitCall read(DataInputStream in) throws IOException {
        String thread = in.readUTF();
        List<StackTraceElement> stack = new ArrayList<>();
        while (in.readBoolean()) {
            String type = in.readUTF();
            String method = in.readUTF();
            String file = in.readUTF();
            if (stack.size() == MAX_DEPTH) {
                throw new ProtocolException("the stack of an exit has more than %s frames".formatted(MAX_DEPTH));
            }
            stack.add(new StackTraceElement(type, method, file.isEmpty() ? null : file, in.readInt()));
        }
        return new ExitCall(thread, List.copyOf(stack), false);
    }

    ExitCall asHung() {
        return new ExitCall(thread, stack, true);
    }

    /** Returns it in the form in which stacks are printed. */
    Throwable toCause(String worker) {
        Throwable cause = new Throwable("thread '%s' of worker %s called System.exit".formatted(thread, worker));
        cause.setStackTrace(stack.toArray(StackTraceElement[]::new));
        return cause;
    }
}
