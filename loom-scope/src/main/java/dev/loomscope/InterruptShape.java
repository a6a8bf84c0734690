package dev.loomscope;

import java.io.InterruptedIOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileLockInterruptionException;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** Tells an exception that is the echo of an interrupt, perhaps wrapped by legacy code, from one that is a failure. */
final class InterruptShape {

    private static final int MAX_CAUSES = 32;
    // What a socket read on a virtual thread throws when the thread is interrupted.
    private static final String SOCKET_MESSAGE = "Closed by interrupt";

    private InterruptShape() {}

    /** Whether {@code exception}, or one of its causes, is what an interrupted or cancelled call throws. */
    static boolean matches(Throwable exception) {
        Throwable next = exception;
        for (int i = 0; i < MAX_CAUSES && next != null; i++) {
            if (isEcho(next)) {
                return true;
            }
            next = next.getCause();
        }
        return false;
    }

    private static boolean isEcho(@Nullable Throwable exception) {
        return exception instanceof InterruptedException
                || exception instanceof CancellationException
                || exception instanceof ClosedByInterruptException
                || exception instanceof FileLockInterruptionException
                || (exception instanceof InterruptedIOException && !(exception instanceof SocketTimeoutException))
                || (exception instanceof SocketException && SOCKET_MESSAGE.equals(exception.getMessage()));
    }
}
