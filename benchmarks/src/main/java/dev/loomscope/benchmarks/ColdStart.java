package dev.loomscope.benchmarks;

import dev.loomscope.MixedScope;
import dev.loomscope.ScopeConfig;
import dev.loomscope.core.TaskKind;
import dev.loomscope.process.ProcessPool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * How long the first CPU result of a pool takes, without and with the archive that it builds itself, beside a bare JVM with the best
 * flags that runs the same task in its main method: the promise is a quarter more than that at the median.
 *
 * <p>A program of its own and not a JMH benchmark, since each sample is a JVM. Class path of jars only: no JVM archives classes of
 * folders. The order changes with each round. Arguments: how many rounds (15); how many million steps the task computes, separated by commas
 * (0,100,300); "fresh" to take each sample in a new JVM, whose own classes are not loaded yet either.
 */
public final class ColdStart {

    private static final String CACHE = "loom.scope.cache";
    private static final String RESULT = "ms: ";
    private static final int WARM_UP = 3;
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final List<String> BEST_FLAGS =
            List.of("-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xmx512m", "-Xlog:disable", "-Xlog:all=warning:stderr");
    private static final boolean AOT = Runtime.version().feature() >= 25;

    private ColdStart() {}

    private enum Way {
        BARE,
        POOL,
        POOL_WITH_ARCHIVE
    }

    /** The bare JVM: runs the task and prints its result. */
    static final class Bare {

        private Bare() {}

        public static void main(String[] args) {
            System.out.println(work(Long.parseLong(args[0])));
        }
    }

    /** Measures, and prints each sample, then the medians in ms, and their ratios. */
    public static void main(String[] args) throws Exception {
        if (args.length == 4 && args[0].equals("sample")) {
            System.out.println(RESULT + measure(Way.valueOf(args[1]), Long.parseLong(args[2]), Path.of(args[3])));
            return;
        }
        int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 15;
        String[] tasks = (args.length > 1 ? args[1] : "0,100,300").split(",", -1);
        boolean fresh = args.length > 2 && args[2].equals("fresh");
        Path folder = Files.createTempDirectory("cold-start");
        try {
            System.setProperty(CACHE, folder.resolve("cache").toString());
            System.out.printf("the pool builds its archive within %.0f ms%n", buildArchives(folder));
            for (String task : tasks) {
                report(Long.parseLong(task), rounds, fresh, folder);
            }
        } finally {
            delete(folder);
        }
    }

    // That of the pool as any pool does it, that of the bare JVM by hand.
    private static double buildArchives(Path folder) throws Exception {
        bare(0, (AOT ? "-XX:AOTCacheOutput=" : "-XX:ArchiveClassesAtExit=") + bareArchive(folder));
        long begun = System.nanoTime();
        try (ProcessPool pool = ProcessPool.open(c -> c.withName("cold").withWorkers(1))) {
            first(pool, 0);
            while (!isBuilt(folder.resolve("cache"))) {
                if (millisSince(begun) > PATIENCE.toMillis()) {
                    throw new IllegalStateException("no archive after %s; is a folder on the class path? %s"
                            .formatted(PATIENCE, System.getProperty("java.class.path")));
                }
                Thread.sleep(20);
            }
        }
        return millisSince(begun);
    }

    private static boolean isBuilt(Path cache) throws IOException {
        if (!Files.isDirectory(cache)) {
            return false; // made when the build begins
        }
        try (Stream<Path> files = Files.list(cache)) {
            List<String> names = files.map(Path::toString).toList();
            if (names.stream().anyMatch(name -> name.endsWith(".failed"))) {
                throw new IllegalStateException("the archive could not be built; is a folder on the class path? "
                        + System.getProperty("java.class.path"));
            }
            return names.stream().anyMatch(name -> name.endsWith(".aot") || name.endsWith(".jsa"));
        }
    }

    private static void report(long millionSteps, int rounds, boolean fresh, Path folder) throws Exception {
        Way[] ways = Way.values();
        double[][] samples = new double[ways.length][rounds];
        for (int round = -WARM_UP; round < rounds; round++) {
            for (int i = 0; i < ways.length; i++) {
                int next = Math.floorMod(round + i, ways.length);
                double millis = fresh
                        ? inFreshJvm(ways[next], millionSteps, folder)
                        : measure(ways[next], millionSteps, folder);
                if (round >= 0) {
                    samples[next][round] = millis;
                    Measured.say("%s-%d".formatted(ways[next], millionSteps), millis);
                }
            }
        }
        double bare = median(samples[0]);
        for (int i = 0; i < ways.length; i++) {
            double[] millis = samples[i];
            System.out.printf(
                    "task of %d million steps, %s JVM, %s: median %.1f ms, least %.1f ms, %.2f x bare%n",
                    millionSteps,
                    fresh ? "fresh" : "warm",
                    ways[i],
                    median(millis),
                    Arrays.stream(millis).min().orElseThrow(),
                    median(millis) / bare);
        }
    }

    private static double measure(Way way, long millionSteps, Path folder) throws Exception {
        long begun = System.nanoTime();
        if (way == Way.BARE) {
            return bare(millionSteps, (AOT ? "-XX:AOTCache=" : "-XX:SharedArchiveFile=") + bareArchive(folder));
        }
        boolean archive = way == Way.POOL_WITH_ARCHIVE;
        try (ProcessPool pool =
                ProcessPool.open(c -> c.withName("cold").withWorkers(1).withStartArchive(archive))) {
            first(pool, millionSteps);
            return millisSince(begun);
        }
    }

    private static void first(ProcessPool pool, long millionSteps) throws Exception {
        try (var scope = MixedScope.<Long>open(ScopeConfig.defaults().withCpuBackend(pool))) {
            scope.fork(TaskKind.CPU, () -> work(millionSteps)).await();
            scope.join();
        }
    }

    // Until its result is here; the bare JVM's exit counts as little as a worker's.
    private static double bare(long millionSteps, String archive) throws Exception {
        List<String> command = java(BEST_FLAGS);
        command.addAll(List.of(archive, "-cp", System.getProperty("java.class.path"), Bare.class.getName()));
        command.add(String.valueOf(millionSteps));
        long begun = System.nanoTime();
        Process process = new ProcessBuilder(command).start();
        process.inputReader().readLine();
        double millis = millisSince(begun);
        process.waitFor();
        return millis;
    }

    private static double inFreshJvm(Way way, long millionSteps, Path folder) throws Exception {
        List<String> command = java(List.of("-D" + CACHE + "=" + System.getProperty(CACHE)));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), ColdStart.class.getName()));
        command.addAll(List.of("sample", way.name(), String.valueOf(millionSteps), folder.toString()));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (Stream<String> lines = process.inputReader().lines()) {
            return Double.parseDouble(lines.filter(line -> line.startsWith(RESULT))
                    .findFirst()
                    .orElseThrow()
                    .substring(RESULT.length()));
        }
    }

    private static List<String> java(List<String> options) {
        List<String> command = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java"));
        command.addAll(options);
        return command;
    }

    private static Path bareArchive(Path folder) {
        return folder.resolve("bare.archive");
    }

    // A step takes about a nanosecond, once it is compiled.
    private static long work(long millionSteps) {
        long sum = 1;
        for (long i = 0; i < Math.max(1000, millionSteps * 1_000_000); i++) {
            sum = sum * 31 + i;
        }
        return sum;
    }

    private static double median(double[] samples) {
        double[] sorted = samples.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static double millisSince(long begun) {
        return (double) (System.nanoTime() - begun) / TimeUnit.MILLISECONDS.toNanos(1);
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
