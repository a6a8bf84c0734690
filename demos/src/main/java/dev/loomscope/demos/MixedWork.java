package dev.loomscope.demos;

import dev.loomscope.ScopeConfig;
import dev.loomscope.demos.ElevenTasks.Run;
import dev.loomscope.process.ProcessPool;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Eleven tasks of mixed needs, run in several ways. The workload is the one that this library's idea comes from, Python's
 * unsync.
 *
 * <p>Arguments: {@code --url URL} for the page of a real site; {@code --compute-ms}, {@code --sleeps} and {@code --latency-ms}
 * for other sizes. {@code --times N} runs the mixed way only, so often, the first time with a pool that is cold; {@code --steps N}
 * says how much to compute and saves the calibration.
 */
public final class MixedWork {

    private static final List<String> OPTIONS = List.of("url", "compute-ms", "sleeps", "latency-ms", "steps", "times");

    private static final String MORAL = """

            What worker JVMs buy: a computation that ignores interrupts can be killed at its deadline, a crash
            or an OutOfMemoryError fails one task instead of the service, and its heap is its own. What they do
            not buy is speed: threads use all cores too, start at once and need no serialization. What you
            trust to end by itself, and what takes less than some 5 ms, does not need a process.

            """;

    private MixedWork() {}

    /** Runs the demo. */
    public static void main(String[] args) {
        Program.run(MixedWork.class, () -> tell(Options.parse(List.of(args), OPTIONS)));
    }

    private static void tell(Options options) throws Exception {
        Duration latency = Duration.ofMillis(options.number("latency-ms", 300));
        Duration compute = Duration.ofMillis(options.number("compute-ms", 350));
        int sleeps = options.number("sleeps", 999);
        try (PageServer server = PageServer.start(ProjectTree.document(), latency)) {
            URI page = URI.create(options.text("url", server.page().toString()));
            int steps =
                    options.has("steps") ? options.number("steps", 1) : Calibration.sizeFor(compute, Work::computeSome);
            if (options.has("times")) {
                repeat(new ElevenTasks(steps, sleeps, page), options.number("times", 1));
                return;
            }
            System.out.printf("Eleven tasks, forked by callers who need not know where they run:%n");
            System.out.printf("  3 x computeSome       %,d steps, calibrated to %d ms%n", steps, compute.toMillis());
            System.out.printf("  2 x downloadSome      %s%n", page);
            System.out.printf("  2 x downloadSomeMore  the same with a client that blocks its thread%n");
            System.out.printf("  4 x waitSome          %d sleeps of 1 ms%n%n", sleeps);
            new ElevenTasks(1, 1, page).mixedOnThreads(); // so that no way pays for classes that all of them load
            compare(new ElevenTasks(steps, sleeps, page));
        } finally {
            Work.close();
        }
    }

    private static void repeat(ElevenTasks eleven, int times) throws Exception {
        List<String> millis = new ArrayList<>();
        try (ProcessPool pool = ProcessPool.open()) {
            for (int i = 0; i < times; i++) {
                Run run = eleven.mixed(ScopeConfig.defaults().withCpuBackend(pool));
                System.out.printf("%d ms, %016x%n", run.millis(), run.checksum());
                millis.add(String.valueOf(run.millis()));
            }
        }
        System.out.printf("RESULT runs=%s%n", String.join(",", millis));
    }

    private static void compare(ElevenTasks eleven) throws Exception {
        Run serial = eleven.oneAfterAnother();
        Run virtual = eleven.onVirtualThreads();
        Run threads = eleven.mixedOnThreads();
        Run cold;
        Run warm;
        Timeline timeline = new Timeline();
        try (ProcessPool pool = ProcessPool.open()) {
            ScopeConfig config = ScopeConfig.defaults().withCpuBackend(pool);
            cold = eleven.mixed(config);
            warm = eleven.mixed(config.withListener(timeline));
        }
        for (Run run : List.of(virtual, threads, cold, warm)) {
            Program.check(run.checksum() == serial.checksum(), "all ways compute the same as %s".formatted(serial));
        }
        int cores = Runtime.getRuntime().availableProcessors();
        Duration floor = floor(serial.each(), cores);

        Comparison table = new Comparison();
        table.add("one after another", serial.millis(), "");
        table.add("all on virtual threads", virtual.millis(), "computing keeps the carriers busy");
        table.add("mixed, CPU on platform threads", threads.millis(), "");
        table.add("mixed, CPU in worker JVMs, cold", cold.millis(), "starts the JVMs");
        table.add("mixed, CPU in worker JVMs, warm", warm.millis(), "");
        table.add(
                "floor, from the first row's tasks",
                floor.toMillis(),
                "the longest, or compute / %d cores".formatted(cores));
        table.print();
        System.out.printf("%nAll computed the same: %016x. The last run, by thread and worker:%n%n", warm.checksum());
        timeline.draw().forEach(System.out::println);
        System.out.print(MORAL);
        System.out.printf("RESULT serial=%d virtual=%d", serial.millis(), virtual.millis());
        System.out.printf(" mixed_cold=%d mixed_warm=%d", cold.millis(), warm.millis());
        System.out.printf(" floor=%d%n", floor.toMillis());
    }

    /** No schedule is shorter than its longest task, nor than all that is to compute shared by the cores. */
    private static Duration floor(List<Duration> each, int cores) {
        Duration longest = Collections.max(each);
        Duration compute = each.subList(0, 3).stream()
                .reduce(Duration.ZERO, Duration::plus)
                .dividedBy(cores);
        return longest.compareTo(compute) > 0 ? longest : compute;
    }
}
