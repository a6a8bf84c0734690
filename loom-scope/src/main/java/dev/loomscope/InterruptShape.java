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
    private static final int MAX_DEPTH = 8;
    // What a socket read on a virtual thread throws when the thread is interrupted.
    private static final String SOCKET_MESSAGE = "Closed by interrupt";

    private InterruptShape() {}

    /**
     * Whether {@code exception}, or one of its causes, is what an interrupted or cancelled call throws, and nothing but the like is
     * suppressed on them: what went wrong while the call was cleaned up is a failure.
     */
    static boolean matches(Throwable exception) {
        try {
            return matches(exception, MAX_DEPTH);
        } catch (Throwable e) { // its getCause or getMessage is code of users: whatever that is, it is a failure
            return false;
        }
    }

    private static boolean matches(Throwable exception, int depth) {
        boolean echo = false;
        Throwable next = exception;
        for (int i = 0; i < MAX_CAUSES && next != null; i++) {
            echo |= isEcho(next);
            for (Throwable suppressed : next.getSuppressed()) {
                if (depth == 0 || !matches(suppressed, depth - 1)) {
                    return false;
                }
            }
            next = next.getCause();
        }
        return echo;
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
