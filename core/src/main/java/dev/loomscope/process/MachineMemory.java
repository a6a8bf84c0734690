package dev.loomscope.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How much memory this process may use: that of its container, or of the machine if that is less.
 *
 * <p>On Linux it is read where the kernel says it, below {@code /proc} and {@code /sys/fs/cgroup}: to ask the JDK for it costs 80 ms of
 * loading management classes, in whichever thread uses a pool first. Elsewhere the JDK is asked.
 */
final class MachineMemory {

    private static final long BYTES_PER_KIB = 1024;
    private static final int DEFAULT_SHARE = 4; // of the memory is the largest heap
    private static final Pattern TOTAL = Pattern.compile("MemTotal:\\s+(\\d{1,15}) kB");
    private static final Pattern NUMBER = Pattern.compile("\\d{1,18}");

    /** Half of what this machine or container has, in MiB: the budget of those who say nothing. */
    static final int HALF_MIB = Math.clamp((ofThisMachine() / 2) >> 20, 1, Integer.MAX_VALUE);

    private final Path root;

    /** For a machine whose files are below {@code root}. */
    MachineMemory(Path root) {
        this.root = root;
    }

    /** The memory of the machine that we are on, in bytes. */
    static long ofThisMachine() {
        try {
            return new MachineMemory(Path.of("/")).bytes();
        } catch (IOException e) {
            return ofJdk(); // not Linux
        }
    }

    private static long ofJdk() {
        try {
            return JdkMemory.bytes();
        } catch (RuntimeException | LinkageError e) {
            return Runtime.getRuntime().maxMemory() * DEFAULT_SHARE; // as a JVM does that is told nothing
        }
    }

    /**
     * Reads it.
     *
     * @throws IOException if this is no Linux
     */
    long bytes() throws IOException {
        long least = ofMachine();
        for (String line : lines(root.resolve("proc/self/cgroup"))) {
            String[] parts = line.split(":", 3); // number, controllers, path; no controllers: version 2
            if (parts.length == 3 && parts[1].isEmpty()) {
                least = Math.min(least, ofGroup("sys/fs/cgroup", parts[2], "memory.max"));
            } else if (parts.length == 3 && List.of(parts[1].split(",")).contains("memory")) {
                least = Math.min(least, ofGroup("sys/fs/cgroup/memory", parts[2], "memory.limit_in_bytes"));
            }
        }
        return least;
    }

    private long ofMachine() throws IOException {
        try (Stream<String> lines = Files.lines(root.resolve("proc/meminfo"))) {
            return lines.map(TOTAL::matcher)
                            .filter(Matcher::matches)
                            .mapToLong(total -> Long.parseLong(total.group(1)))
                            .findFirst()
                            .orElseThrow(() -> new IOException("no MemTotal"))
                    * BYTES_PER_KIB;
        }
    }

    // The least of a group and those around it. In a container, the path may be one that only the host knows: then the
    // mount itself is the container's group.
    private long ofGroup(String mount, String path, String file) {
        Path top = root.resolve(mount);
        @Nullable
        Path group = top.resolve(path.substring(Math.min(1, path.length()))).normalize();
        long least = Long.MAX_VALUE;
        while (group != null && group.startsWith(top)) {
            least = Math.min(least, limit(group.resolve(file)));
            group = group.getParent();
        }
        return least;
    }

    private static long limit(Path file) {
        return lines(file).stream()
                .filter(line -> NUMBER.matcher(line).matches()) // "max" is none
                .mapToLong(Long::parseLong)
                .findFirst()
                .orElse(Long.MAX_VALUE);
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            return List.of(); // no such controller here
        }
    }
}
