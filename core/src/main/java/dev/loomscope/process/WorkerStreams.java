package dev.loomscope.process;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** The standard streams of a worker: its stdin is not for tasks, and what one task does to them is not the next one's problem. */
final class WorkerStreams {

    private static final Path STDIN = Path.of("/proc/self/fd/0");

    private final InputStream in = new Empty();
    private final PrintStream out = new Unclosable(System.out);
    private final PrintStream err = new Unclosable(System.err);

    /** Of what is empty already, a close changes nothing. */
    private static final class Empty extends InputStream {

        @Override
        public int read() {
            return -1;
        }
    }

    /** A stream that whoever got it can flush, but not end. */
    private static final class Unclosable extends PrintStream {

        Unclosable(PrintStream stream) {
            super(stream, true, stream.charset());
        }

        @Override
        public void close() {
            flush();
        }
    }

    /**
     * Returns what comes from the pool, and takes it away from tasks. Where the system allows it, processes that tasks start do not
     * inherit it either: they find an empty stdin and do not wait for what nobody will type. There it is a {@link FileInputStream}
     * with a channel of its own, whose close ends a read.
     */
    static InputStream takeStdin() throws IOException {
        InputStream stdin = Files.exists(STDIN) ? new FileInputStream(STDIN.toFile()) : System.in;
        if (stdin != System.in) {
            new FileInputStream(FileDescriptor.in).close(); // the JDK puts /dev/null in its place
        }
        System.setIn(InputStream.nullInputStream());
        return stdin;
    }

    /** What was printed comes before what follows; the next task finds all streams as the first did. */
    void reset() {
        out.flush();
        err.flush();
        if (System.in != in) {
            System.setIn(in);
        }
        if (System.out != out) {
            System.setOut(out);
        }
        if (System.err != err) {
            System.setErr(err);
        }
    }
}
