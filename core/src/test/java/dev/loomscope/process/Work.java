package dev.loomscope.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What tests let workers do. Nothing here waits for longer than a minute, should a test lose sight of it. */
final class Work {

    private static final long LIMIT_NANOS = 60_000_000_000L;

    @SuppressWarnings("unused")
    private static volatile long sink;

    private Work() {}

    static long pid() {
        return ProcessHandle.current().pid();
    }

    static int square(int number) {
        return number * number;
    }

    /** Computes, and hears nothing. */
    static long spin() {
        long end = System.nanoTime() + LIMIT_NANOS;
        long i = 0;
        while (System.nanoTime() < end) {
            sink = i++;
        }
        return i;
    }

    /** Waits until it is interrupted, and lets the interrupt be its failure. */
    static String listen() throws InterruptedException {
        Thread.sleep(LIMIT_NANOS / 1_000_000);
        return "nobody has interrupted it";
    }

    /** Waits until it is interrupted, and returns its pid then. */
    static long listenAndReturnPid() {
        try {
            listen();
        } catch (InterruptedException e) {
            // the message has come
        }
        return pid();
    }

    /** Waits for a file. */
    static long awaitFile(String path) throws InterruptedException {
        long end = System.nanoTime() + LIMIT_NANOS;
        while (!Files.exists(Path.of(path)) && System.nanoTime() < end) {
            Thread.sleep(2);
        }
        return pid();
    }

    /** Makes one file, then waits for another. */
    static long meet(String mine, String other) throws IOException, InterruptedException {
        return meetAll(mine, List.of(other));
    }

    /** Makes a file, then waits for many others: nobody leaves before all are there. */
    static long meetAll(String mine, List<String> all) throws IOException, InterruptedException {
        touch(mine);
        for (String other : all) {
            awaitFile(other);
        }
        return pid();
    }

    static void touch(String path) throws IOException {
        Files.writeString(Path.of(path), String.valueOf(pid()));
    }

    /** Starts processes that do nothing, and leaves them alone. */
    static List<Long> startSleepers(int number, String seconds) throws IOException {
        List<Long> pids = new ArrayList<>();
        for (int i = 0; i < number; i++) {
            pids.add(new ProcessBuilder("sleep", seconds).start().pid());
        }
        return pids;
    }

    /** Fills the heap. */
    static int exhaustMemory() {
        List<long[]> hog = new ArrayList<>();
        while (true) {
            hog.add(new long[1 << 16]);
        }
    }

    /** Fills the heap, makes a file when it is full, and goes on. */
    static long thrash(String path) throws IOException {
        List<Object> hog = new ArrayList<>();
        long end = System.nanoTime() + LIMIT_NANOS;
        int size = 1 << 20;
        boolean told = false;
        while (System.nanoTime() < end) {
            try {
                hog.add(new byte[size]);
            } catch (OutOfMemoryError e) {
                size = Math.max(1, size / 2);
                if (!told) {
                    told = true;
                    hog.removeLast(); // the memory to tell it with
                    touch(path);
                }
            }
        }
        return hog.size();
    }

    static int recurse(int depth) {
        return depth < 0 ? 0 : recurse(depth + 1) + 1;
    }
}
