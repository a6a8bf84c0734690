package dev.loomscope.process;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * What a worker prints: each line goes to the parent's log, and the last lines of stderr are kept for the report of a crash.
 *
 * <p>Two platform threads read, because reading a process's pipe pins a virtual thread on JDK 21 to 23.
 */
final class WorkerOutput {

    /** The logger of everything that workers print. */
    static final String LOGGER = "dev.loomscope.worker";

    private static final Logger log = LoggerFactory.getLogger(LOGGER);
    private static final int MAX_LINE_BYTES = 8 * 1024;
    private static final Pattern CONTROLS =
            Pattern.compile("[\\p{Cc}\\p{Zl}\\p{Zp}\\x{202A}-\\x{202E}\\x{2066}-\\x{2069}&&[^\\t]]");

    private final String source;
    private final Thread stdout;
    private final Thread stderr;
    private final OutputTail stdoutTail = new OutputTail();
    private final OutputTail stderrTail = new OutputTail();

    private WorkerOutput(String source, Process process, PoolThreads threads) {
        this.source = source;
        this.stdout = pump(threads, "stdout", process.getInputStream(), line -> accept(Level.INFO, stdoutTail, line));
        this.stderr = pump(threads, "stderr", process.getErrorStream(), line -> accept(Level.WARN, stderrTail, line));
    }

    /**
     * Starts to read what {@code process} prints.
     *
     * @throws OutOfMemoryError if there are no threads for it
     */
    static WorkerOutput start(String worker, Process process, PoolThreads threads) {
        return new WorkerOutput("%s (pid %s)".formatted(worker, process.pid()), process, threads);
    }

    /** Returns the last lines of stderr, after waiting this long at most for the last of them to arrive. */
    String stderrTail(Duration patience) {
        awaitEnd(patience);
        return stderrTail.toString();
    }

    /** As {@link #stderrTail}, and those of stdout before: a JVM that does not start prints to either. */
    String tail(Duration patience) {
        awaitEnd(patience);
        return "%s\n%s".formatted(stdoutTail, stderrTail).strip();
    }

    // Descendants of the worker may hold its pipes open: the wait is bounded.
    private void awaitEnd(Duration patience) {
        try {
            stderr.join(patience);
            stdout.join(patience);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // whoever asks gets what is there
        }
    }

    private void accept(Level level, OutputTail tail, String line) {
        String visible = visible(line);
        tail.add(visible);
        log.atLevel(level).log("{}: {}", source, visible);
    }

    // What moves the cursor, begins a line or turns the direction of writing could look like a line of somebody else.
    private static String visible(String line) {
        return CONTROLS.matcher(line).replaceAll("\uFFFD");
    }

    private Thread pump(PoolThreads threads, String stream, InputStream bytes, LineConsumer lines) {
        return threads.start("loom-scope-%s-%s".formatted(source, stream), () -> pump(bytes, lines));
    }

    private static void pump(InputStream bytes, LineConsumer lines) {
        byte[] line = new byte[MAX_LINE_BYTES];
        int length = 0;
        byte[] buffer = new byte[MAX_LINE_BYTES];
        try (bytes) {
            for (int read = bytes.read(buffer); read >= 0; read = bytes.read(buffer)) {
                for (int i = 0; i < read; i++) {
                    if (buffer[i] == '\n' || length == MAX_LINE_BYTES) {
                        lines.accept(new String(line, 0, length, StandardCharsets.UTF_8).stripTrailing());
                        length = 0;
                    }
                    if (buffer[i] != '\n') {
                        line[length++] = buffer[i];
                    }
                }
            }
        } catch (IOException e) {
            log.debug("a worker's output ended early", e); // its process was destroyed
        }
        if (length > 0) {
            lines.accept(new String(line, 0, length, StandardCharsets.UTF_8).stripTrailing());
        }
    }

    @FunctionalInterface
    private interface LineConsumer {
        void accept(String line);
    }
}
