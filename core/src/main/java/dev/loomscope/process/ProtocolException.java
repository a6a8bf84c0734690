package dev.loomscope.process;

import java.io.IOException;
import java.io.Serial;

/** The other side of a channel sent something that the protocol does not know. */
class ProtocolException extends IOException {

    @Serial
    private static final long serialVersionUID = 1L;

    ProtocolException(String message) {
        super(message);
    }
}
