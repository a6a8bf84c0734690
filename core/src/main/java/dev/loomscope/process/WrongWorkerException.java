package dev.loomscope.process;

import java.io.Serial;

/** The worker that was started has come, but it is of another kind than this pool needs. */
final class WrongWorkerException extends ProtocolException {

    @Serial
    private static final long serialVersionUID = 1L;

    WrongWorkerException(String message) {
        super(message);
    }
}
