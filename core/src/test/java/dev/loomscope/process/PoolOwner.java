package dev.loomscope.process;

import dev.loomscope.core.CpuRequest;
import dev.loomscope.core.Task;
import dev.loomscope.core.TaskNotSerializableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** A program with a pool of its own, in a JVM of its own: tests end it in every way. */
final class PoolOwner implements AutoCloseable {

    private static final String PREFIX = "owner says: ";

    private final Process process;
    private final long startedAt; // as its workers' folders have it
    private final Set<ProcessHandle> known = new HashSet<>(); // descendants that a test has asked for

    private PoolOwner(Process process) {
        this.process = process;
        startedAt = ProcessStart.of(process.pid());
    }

    /** Starts the program with this mode. */
    static PoolOwner start(String mode, String... jvmOptions) throws IOException {
        return start(System.getProperty("java.class.path"), List.of(mode), jvmOptions);
    }

    static PoolOwner startWithClassPath(String classPath, String mode, String... jvmOptions) throws IOException {
        return start(classPath, List.of(mode), jvmOptions);
    }

    /** Starts it with a task that goes on starting processes, which have {@code marker} as their argument. */
    static PoolOwner startSpawning(String marker) throws IOException {
        return start(System.getProperty("java.class.path"), List.of("spawning", marker));
    }

    /** Starts it as the first process of a new group, as a shell does, with signals as they are by default. */
    static PoolOwner startInGroupOfItsOwn(String... arguments) throws IOException {
        List<String> wrapper = List.of("env", "--default-signal=INT,TERM,HUP", "setsid");
        return start(wrapper, System.getProperty("java.class.path"), PoolOwner.class, List.of(arguments));
    }

    private static PoolOwner start(String classPath, List<String> arguments, String... jvmOptions) throws IOException {
        return start(List.of(), classPath, PoolOwner.class, arguments, jvmOptions);
    }

    /** Starts another program, with {@code wrapper} before the command of its JVM: {@code unshare -m}, say. */
    static PoolOwner startProgram(List<String> wrapper, Class<?> program, String... arguments) throws IOException {
        return start(wrapper, System.getProperty("java.class.path"), program, List.of(arguments));
    }

    /** The same, with these options for its JVM. */
    static PoolOwner startProgram(Class<?> program, List<String> arguments, String... jvmOptions) throws IOException {
        return start(List.of(), System.getProperty("java.class.path"), program, arguments, jvmOptions);
    }

    private static PoolOwner start(
            List<String> wrapper, String classPath, Class<?> program, List<String> arguments, String... jvmOptions)
            throws IOException {
        List<String> command = new ArrayList<>(wrapper);
        command.add(System.getProperty("java.home") + "/bin/java");
        command.addAll(List.of("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
        command.addAll(List.of(jvmOptions));
        command.addAll(List.of("-cp", classPath, program.getName()));
        command.addAll(arguments);
        return new PoolOwner(new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    }

    /** The program: does what the mode says, prints a line, and then waits for a line that tells how to end. */
    public static void main(String[] args) throws Exception {
        Duration shutdownGrace = Duration.ofSeconds(args[0].equals("crowded") ? 1 : 25);
        ProcessPool pool =
                ProcessPool.open(c -> c.withWorkers(3).withMaxHeapMiB(32).withShutdownGrace(shutdownGrace));
        switch (args[0]) {
            case "idle" -> say(PoolRun.run(pool, Work::pid) > 0);
            case "busy" -> {
                PoolRun.start(pool, Work::spin).awaitStart();
                say("busy");
            }
            case "native", "critical" -> {
                String there = Files.createTempFile("native", "").toString();
                Files.delete(Path.of(there));
                PoolRun.start(pool, () -> blockInNativeCode(args[0].equals("critical"), there));
                Eventually.becomesTrue("it is there", () -> Files.deleteIfExists(Path.of(there)));
                say(args[0]);
            }
            case "thrashing" -> {
                Path folder = Files.createTempDirectory("thrashing");
                String full = folder.resolve("full").toString();
                PoolRun.start(pool, () -> Work.thrash(full));
                Eventually.becomesTrue("its heap is full", () -> Files.deleteIfExists(Path.of(full)));
                Files.delete(folder);
                say("thrashing");
            }
            case "parental" -> {
                PoolRun.start(pool, () -> {
                            Work.startSleepers(1, "600");
                            return Work.spin();
                        })
                        .awaitStart();
                Eventually.becomesTrue(
                        "the sleeper sleeps",
                        () -> ProcessHandle.current().descendants().count() >= 2);
                say("parental");
            }
            case "nested" -> {
                PoolRun.start(pool, () -> PoolRun.run(ProcessPool.shared(), Work::spin));
                Eventually.becomesTrue(
                        "a worker has a worker",
                        () -> ProcessHandle.current().descendants().count() >= 2);
                say("nested");
            }
            case "spawning" -> {
                PoolRun<Void> spawner = PoolRun.start(pool, () -> {
                    while (true) {
                        Work.startSleepers(1, args[1]);
                    }
                });
                Eventually.becomesTrue(
                        "they are many",
                        () -> ProcessHandle.current().descendants().count() > 10);
                say("spawning");
                System.in.read();
                spawner.cancel("enough");
            }
            case "patient" -> { // hears signals and goes on, as a program does that has work to finish
                WorkerSignals.leaveToParent();
                PoolRun.run(pool, Work::pid);
                say("patient");
                PoolRun<Long> task = PoolRun.start(pool, () -> Work.meet(args[1], args[2]));
                say(task.get().equals(PoolRun.run(pool, Work::pid)));
            }
            case "crowded" -> {
                for (int i = 0; i < 3; i++) {
                    PoolRun.start(pool, Work::spin).awaitStart();
                }
                PoolRun<Long> queued = PoolRun.start(pool, Work::pid);
                Eventually.becomesTrue("it waits", () -> pool.toString().contains("1 tasks waiting"));
                Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                    say(queued.failure().getMessage());
                    say(PoolRun.fail(pool, Work::pid).getMessage());
                }));
                say("crowded");
            }
            case "late" -> {
                PoolRun.run(pool, Work::pid); // now there is the hook that ends all workers
                ProcessPool late = ProcessPool.open(ProcessPoolConfig.defaults(), startingWhenThisExits());
                PoolRun.start(late, Work::pid);
                Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                    late.close();
                    say("closed");
                }));
                say("late");
            }
            case "starting" -> {
                for (int i = 0; i < 3; i++) {
                    PoolRun.start(pool, Work::spin);
                }
                say("starting");
            }
            case "filtered" -> {
                Task<Object> task = BitSet::new;
                say(PoolRun.fail(pool, task));
            }
            case "array" -> {
                Task<Object> task = () -> new double[100_000];
                try {
                    say(((double[]) PoolRun.run(pool, task)).length);
                } catch (ResultRejectedException e) {
                    say("rejected");
                }
            }
            case "exiting" -> {
                say(PoolRun.run(pool, Work::pid));
                PoolRun.run(pool, () -> new Faulty(Faulty.Fault.EXIT, Faulty.Moment.READ_IN_PARENT));
            }
            case "small" -> exceedHeap();
            case "leaves" -> { // without a close, at the end of main
                pool.prepare(new CpuRequest<>((Task<Long>) Work::pid, "t", runner -> {}));
                PoolRun.run(pool, Work::pid);
                PoolRun.start(pool, Work::spin).awaitStart();
                say("leaves");
                return;
            }
            default -> throw new IllegalArgumentException(args[0]);
        }
        if (System.in.read() == 'x') {
            System.exit(0);
        }
    }

    /** Threads of which those that start workers begin when the hook that ends all workers has ended. */
    private static PoolThreads startingWhenThisExits() {
        return (name, action) -> PoolThreads.daemons().start(name, () -> {
            while (name.endsWith("-launch") && (!LiveProcesses.isExiting() || isAlive("loom-scope-shutdown"))) {
                LockSupport.parkNanos(1_000_000);
            }
            action.run();
        });
    }

    private static boolean isAlive(String thread) {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(each -> each.getName().equals(thread));
    }

    private static long blockInNativeCode(boolean critical, String there) throws Exception {
        for (int seconds : List.of(0, 600)) { // the first call loads what it needs
            if (seconds > 0) {
                Work.touch(there);
            }
            if (critical) {
                NativeCode.callCritical("sleep", seconds);
            } else {
                NativeCode.call("sleep", seconds);
            }
        }
        return 0;
    }

    // With a heap that is smaller than those of the workers.
    private static void exceedHeap() throws Exception {
        int size = 100 << 20;
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1).withMaxHeapMiB(512))) {
            long pid = PoolRun.run(pool, Work::pid);
            Object bulk = Bulk.of(size);
            try {
                PoolRun.prepare(pool, "there", () -> bulk.hashCode());
            } catch (TaskNotSerializableException e) {
                say(e.getMessage());
            }
            say(PoolRun.fail(pool, () -> new byte[size]).getMessage());
            say("the same worker goes on: " + (PoolRun.run(pool, Work::pid) == pid));
        }
    }

    /** Says something that {@link #readLine} returns. */
    static void say(Object word) {
        System.out.println(PREFIX + word);
    }

    /** Waits for its line, which is not the only one on its stdout: there is the log. Null if it has ended. */
    String readLine() throws IOException {
        String line = process.inputReader().readLine();
        while (line != null && !line.startsWith(PREFIX)) {
            line = process.inputReader().readLine();
        }
        return line == null ? null : line.substring(PREFIX.length());
    }

    long pid() {
        return process.pid();
    }

    /** All processes that it has started, and those that these have started. */
    List<Long> descendants() {
        return known(process.descendants());
    }

    /** The processes that it has started itself. */
    List<Long> children() {
        return known(process.children());
    }

    private List<Long> known(Stream<ProcessHandle> processes) {
        return processes.peek(known::add).map(ProcessHandle::pid).toList();
    }

    /** The folders of its workers. */
    List<Path> folders() throws IOException {
        // With its start: an earlier process with this pid may have been killed and have left some.
        String prefix = WorkerFolder.PREFIX + process.pid() + "-" + Long.toString(startedAt, WorkerFolder.RADIX) + "-";
        try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return files.filter(file -> file.getFileName().toString().startsWith(prefix))
                    .toList();
        }
    }

    /** Lets it cancel its task. */
    void cancel() throws IOException {
        process.outputWriter().append('c').flush();
    }

    /** Lets it go on that waits for a word. */
    void goOn() throws IOException {
        process.outputWriter().append('g').flush();
    }

    /** Ends it as {@code kill -9} does. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Ends it as {@code kill} does. */
    void terminate() {
        process.destroy();
    }

    /** Sends a signal to it and to all processes of its group, as a terminal does. */
    void signalGroup(String signal) throws Exception {
        new ProcessBuilder("/bin/sh", "-c", "kill -%s -%d".formatted(signal, process.pid()))
                .inheritIO()
                .start()
                .waitFor();
    }

    /** Lets it call {@code System.exit}. */
    void exit() throws IOException {
        process.outputWriter().append('x').flush();
    }

    boolean hasEnded(long seconds) throws InterruptedException {
        return process.waitFor(seconds, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        known.forEach(ProcessHandle::destroyForcibly); // orphans that outlive their parent, if a test fails
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
