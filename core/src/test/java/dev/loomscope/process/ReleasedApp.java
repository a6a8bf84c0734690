package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A program of which there are several releases, and which runs in a JVM of its own and does what it is told line by line, while its
 * files are replaced. A task returns the release of the program, of a library, and of a class of that library which is loaded last.
 */
final class ReleasedApp implements AutoCloseable {

    private static final long PATIENCE = 60;
    private static final String ANSWER = "answer: ";

    private final Process process;
    private final BufferedReader output;
    private final List<String> log = new ArrayList<>(); // reading thread of the test only

    private ReleasedApp(Process process) {
        this.process = process;
        this.output = process.inputReader(StandardCharsets.UTF_8);
    }

    /** The sources of one release of the program. */
    static Map<String, String> program(int release) {
        return Map.of("app/Work.java", """
                package app;

                import java.nio.file.*;

                public class Work {
                    static String work() {
                        return "app RELEASE, lib " + lib.Text.release() + ", late " + lib.Late.release();
                    }

                    static String slowly(String marker) throws Exception {
                        String first = "app RELEASE, lib " + lib.Text.release();
                        Files.createFile(Path.of(marker + ".begun"));
                        while (!Files.exists(Path.of(marker))) {
                            Thread.sleep(5);
                        }
                        return first + ", late " + lib.Late.release();
                    }

                    static String nested(String marker) throws Exception {
                        slowly(marker);
                        return Main.run(dev.loomscope.process.ProcessPool.shared(), Work::work);
                    }
                }
                """.replace("RELEASE", String.valueOf(release)), "app/Main.java", MAIN);
    }

    /** The sources of one release of the library. */
    static Map<String, String> library(int release) {
        return Map.of(
                "lib/Text.java",
                "package lib; public class Text { public static String release() { return \"%d\"; } }"
                        .formatted(release),
                "lib/Late.java",
                "package lib; public class Late { public static String release() { return \"%d\"; } }"
                        .formatted(release));
    }

    private static final String MAIN = """
            package app;

            import dev.loomscope.core.CpuRequest;
            import dev.loomscope.core.Task;
            import dev.loomscope.process.ProcessPool;
            import java.io.*;
            import java.util.*;
            import java.util.concurrent.*;

            public class Main {
                public static void main(String[] args) throws Exception {
                    Work.work();
                    Map<String, Future<String>> running = new HashMap<>();
                    ExecutorService threads = Executors.newCachedThreadPool();
                    ProcessPool pool = null;
                    say("up");
                    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
                    for (String line = in.readLine(); line != null; line = in.readLine()) {
                        String[] words = line.split(" ");
                        if (pool == null) {
                            String init = System.getProperty("init");
                            pool = ProcessPool.open(c -> {
                                var one = c.withMaxHeapMiB(32).withWorkers(1).withStartArchive(false);
                                return init == null ? one : one.withWorkerInit(() -> Work.slowly(init));
                            });
                        }
                        ProcessPool its = pool;
                        switch (words[0]) {
                            case "open" -> say("open");
                            case "here" -> say(Work.work());
                            case "check" -> say(check(pool));
                            case "run" -> say(run(pool, Work::work));
                            case "capture" -> {
                                String end = words[1];
                                say(run(pool, () -> Work.work() + end));
                            }
                            case "prewarm" -> {
                                try {
                                    say("workers: " + pool.prewarm(1).get());
                                } catch (ExecutionException e) {
                                    say(describe(e.getCause()) + " because of " + e.getCause().getCause());
                                }
                            }
                            case "slowly", "nested" -> {
                                String marker = words[1];
                                Task<String> task = words[0].equals("nested")
                                        ? () -> Work.nested(marker)
                                        : () -> Work.slowly(marker);
                                running.put(marker, threads.submit(() -> run(its, task)));
                                say("forked");
                            }
                            case "later" -> {
                                running.put(words[1], threads.submit(() -> run(its, Work::work)));
                                say("forked");
                            }
                            case "background" -> {
                                running.put(words[1], threads.submit(() -> run(its, Work::work)));
                                while (pool.stats().queuedTasks() == 0) {
                                    Thread.sleep(1);
                                }
                                say("forked");
                            }
                            case "await" -> say(running.get(words[1]).get());
                            default -> say("?");
                        }
                    }
                    System.exit(0);
                }

                private static String check(ProcessPool pool) {
                    try {
                        pool.prepare(new CpuRequest<>((Task<String>) Work::work, "work", runner -> {})).cancel("a check");
                        return "taken";
                    } catch (Throwable e) {
                        return "refused: " + describe(e);
                    }
                }

                static String run(ProcessPool pool, Task<String> task) {
                    dev.loomscope.core.CpuExecution<String> execution;
                    try {
                        execution = pool.prepare(new CpuRequest<>(task, "work", runner -> {}));
                    } catch (Throwable e) {
                        return "refused: " + describe(e);
                    }
                    try {
                        return execution.run();
                    } catch (Throwable e) {
                        return "failed: " + describe(e);
                    }
                }

                private static String describe(Throwable e) {
                    return e.toString().replace("\\n", " ");
                }

                private static void say(String text) {
                    System.out.println("ANSWER" + text);
                }
            }
            """.replace("ANSWER", ANSWER);

    /** The sources of a tool that runs the classes of a folder, and loads them again by another class loader when it is told to. */
    static Map<String, String> restarter() {
        return Map.of("tool/Restarter.java", RESTARTER);
    }

    /** The sources of one release of the classes that the tool runs. */
    static Map<String, String> restarted(int release) {
        Map<String, String> sources = new HashMap<>(library(release));
        sources.put("app/Job.java", JOB.replace("RELEASE", String.valueOf(release)));
        return sources;
    }

    private static final String JOB = """
            package app;

            import dev.loomscope.core.CpuRequest;
            import dev.loomscope.core.Task;
            import dev.loomscope.process.ProcessPool;
            import java.nio.file.*;
            import java.util.function.BiFunction;

            public class Job implements BiFunction<ProcessPool, String, String> {
                public String apply(ProcessPool pool, String line) {
                    String end = line.contains(" ") ? line.split(" ")[1] : "";
                    return switch (line.split(" ")[0]) {
                        case "here" -> work();
                        case "run" -> run(pool, Job::work);
                        case "capture" -> run(pool, () -> work() + end);
                        case "slowly" -> run(pool, () -> slowly(end));
                        default -> "?";
                    };
                }

                static String work() {
                    return "app RELEASE, lib " + lib.Text.release();
                }

                static String slowly(String marker) throws Exception {
                    Files.createFile(Path.of(marker + ".begun"));
                    while (!Files.exists(Path.of(marker))) {
                        Thread.sleep(5);
                    }
                    return work();
                }

                private static String run(ProcessPool pool, Task<String> task) {
                    dev.loomscope.core.CpuExecution<String> execution;
                    try {
                        execution = pool.prepare(new CpuRequest<>(task, "work", runner -> {}));
                    } catch (Throwable e) {
                        return "refused: " + e;
                    }
                    try {
                        return execution.run();
                    } catch (Throwable e) {
                        return "failed: " + e;
                    }
                }
            }
            """;

    private static final String RESTARTER = """
            package tool;

            import dev.loomscope.process.ProcessPool;
            import java.io.*;
            import java.net.*;
            import java.nio.file.*;
            import java.util.*;
            import java.util.concurrent.*;
            import java.util.function.BiFunction;

            public class Restarter {
                /** Looks into its own folder first, as the loaders of development tools do. */
                static class RestartLoader extends URLClassLoader {
                    RestartLoader(URL... urls) {
                        super(urls, Restarter.class.getClassLoader());
                    }

                    @Override
                    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
                        if (name.startsWith("app.") || name.startsWith("lib.")) {
                            Class<?> known = findLoadedClass(name);
                            return known != null ? known : findClass(name);
                        }
                        return super.loadClass(name, resolve);
                    }
                }

                public static void main(String[] args) throws Exception {
                    URL classes = Path.of(args[0]).toUri().toURL();
                    BiFunction<ProcessPool, String, String> old = null;
                    BiFunction<ProcessPool, String, String> now = load(classes);
                    ProcessPool pool = ProcessPool.open(c -> c.withMaxHeapMiB(32).withWorkers(1).withStartArchive(false));
                    Map<String, Future<String>> running = new HashMap<>();
                    ExecutorService threads = Executors.newCachedThreadPool();
                    say("up");
                    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
                    for (String line = in.readLine(); line != null; line = in.readLine()) {
                        BiFunction<ProcessPool, String, String> job = now;
                        String command = line;
                        switch (line.split(" ")[0]) {
                            case "reload" -> {
                                old = now;
                                now = load(classes);
                                say(now.apply(pool, "here"));
                            }
                            case "old" -> say(old.apply(pool, line.substring(4)));
                            case "slowly", "background" -> {
                                String task = line.startsWith("background") ? "run" : line;
                                running.put(line.split(" ")[1], threads.submit(() -> job.apply(pool, task)));
                                while (line.startsWith("background") && pool.stats().queuedTasks() == 0) {
                                    Thread.sleep(1);
                                }
                                say("forked");
                            }
                            case "await" -> say(running.get(line.split(" ")[1]).get());
                            case "retired" -> say("" + pool.stats().retired());
                            default -> say(now.apply(pool, line));
                        }
                    }
                    System.exit(0);
                }

                @SuppressWarnings("unchecked")
                private static BiFunction<ProcessPool, String, String> load(URL classes) throws Exception {
                    Object job = new RestartLoader(classes).loadClass("app.Job").getConstructor().newInstance();
                    ((BiFunction<ProcessPool, String, String>) job).apply(null, "here");
                    return (BiFunction<ProcessPool, String, String>) job;
                }

                private static void say(String text) {
                    System.out.println("ANSWER" + text);
                }
            }
            """.replace("ANSWER", ANSWER);

    /** Starts the program with these arguments of java. */
    static ReleasedApp start(Path folder, String... arguments) throws IOException {
        Process process = new ProcessBuilder(TinyApp.javaCommand(arguments))
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        ReleasedApp app = new ReleasedApp(process);
        assertThat(app.answer()).isEqualTo("up");
        return app;
    }

    /** Tells the program something, and returns what it answers. */
    String tell(String line) throws IOException {
        OutputStream in = process.getOutputStream();
        in.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        in.flush();
        return answer();
    }

    private String answer() {
        try {
            return CompletableFuture.supplyAsync(this::read).get(PATIENCE, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("no answer; the program printed: " + log, e);
        }
    }

    private String read() {
        try {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                log.add(line);
                if (line.startsWith(ANSWER)) {
                    return line.substring(ANSWER.length());
                }
            }
        } catch (IOException e) {
            log.add(e.toString());
        }
        throw new IllegalStateException("the program has ended");
    }

    /** Waits until a task that runs slowly has begun. */
    static void awaitBegun(Path marker) throws Exception {
        Eventually.becomesTrue("the task has begun", () -> Files.exists(Path.of(marker + ".begun")));
    }

    @Override
    public void close() throws Exception {
        process.getOutputStream().close();
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        process.waitFor(PATIENCE, TimeUnit.SECONDS);
    }
}
