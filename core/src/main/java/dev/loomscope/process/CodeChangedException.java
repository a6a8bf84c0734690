package dev.loomscope.process;

import java.io.Serial;
import java.util.List;

/**
 * Thrown by {@code fork} when the class files on disk are not those that this JVM runs: a jar or a class was replaced while the JVM
 * was running, so a worker process would run other code than the caller. It is also the failure of CPU tasks that were queued or
 * running in such a moment and whose code can no longer be guaranteed.
 *
 * <p>The message names the file, what changed, and what to do. In most cases this JVM has to be restarted.
 */
public final class CodeChangedException extends IllegalStateException {

    @Serial
    private static final long serialVersionUID = 1L;

    @SuppressWarnings("serial") // an immutable list of text
    private final List<String> files;

    CodeChangedException(String message, List<String> files) {
        super(message);
        this.files = List.copyOf(files);
    }

    /** Returns the paths of the files whose code differs, in class path order; never empty. */
    public List<String> files() {
        return files;
    }
}
