package dev.loomscope.process;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * How far a task says it is, on its way from a worker.
 *
 * @param fraction from 0 to 1, NaN for not known
 */
record ProgressReport(double fraction, String message) {

    private static final int MAX_CHARS = 4 * 1024;
    private static final int MAX_BYTES = Double.BYTES + 3 * (MAX_CHARS + 3); // of UTF-8, the dots included

    Frame toFrame(long taskId) {
        String bounded = message.length() <= MAX_CHARS ? message : message.substring(0, MAX_CHARS) + "...";
        byte[] text = bounded.getBytes(StandardCharsets.UTF_8);
        byte[] body = ByteBuffer.allocate(Double.BYTES + text.length)
                .putDouble(fraction)
                .put(text)
                .array();
        return Frame.of(Frame.Type.PROGRESS, taskId, body);
    }

    /**
     * Reads one that a worker sent.
     *
     * @throws ProtocolException if it is none
     */
    static ProgressReport read(Frame frame) throws ProtocolException {
        ByteBuffer body = frame.body().duplicate();
        if (body.remaining() < Double.BYTES || body.remaining() > MAX_BYTES || frame.more()) {
            throw new ProtocolException("progress of %s bytes".formatted(body.remaining()));
        }
        double fraction = body.getDouble();
        if (fraction < 0 || fraction > 1) {
            throw new ProtocolException("progress of " + fraction);
        }
        return new ProgressReport(fraction, StandardCharsets.UTF_8.decode(body).toString());
    }
}
