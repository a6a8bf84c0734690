package dev.loomscope.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.Main;

/**
 * A process of its own that measures something and prints it, as {@link Measured} reads it. Its stderr is ours.
 *
 * @param command the program and its arguments
 */
record Program(List<String> command) {

    private static final Duration LONGEST = Duration.ofMinutes(30);

    Program {
        command = List.copyOf(command);
    }

    static Program of(String... command) {
        return new Program(List.of(command));
    }

    /** A class of ours in a JVM like this one, on the same class path. */
    static Program java(Class<?> main, Object... arguments) {
        return java(List.of(), main, arguments);
    }

    /** The same with these JVM options. */
    static Program java(List<String> options, Class<?> main, Object... arguments) {
        List<String> command = new ArrayList<>();
        command.add(javaCommand());
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        Arrays.stream(arguments).map(String::valueOf).forEach(command::add);
        return new Program(command);
    }

    /** One of JMH's benchmarks of ours, run by JMH in that same JVM, for some seconds. */
    static Program jmh(Class<?> benchmark, String method) {
        String pattern = "^" + benchmark.getName().replace(".", "\\.") + "\\." + method + "$";
        return java(List.of("-Xms1g", "-Xmx2g"), Main.class, pattern, "-f", "0", "-i", "5");
    }

    static String javaCommand() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /** Whether this command can be run here and ends well: {@code isThere("gcc", "--version")}. */
    static boolean isThere(String... command) {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** The same with one more option; only if it is a JVM. */
    Program withOption(String option) {
        List<String> changed = new ArrayList<>(command);
        changed.add(1, option);
        return new Program(changed);
    }

    /**
     * Runs it to its end and returns what it measured.
     *
     * @throws IOException if it cannot be started, ends otherwise than with exit code 0, or not within half an hour
     */
    Measured run() throws IOException, InterruptedException {
        Measured measured = new Measured();
        int exit = run(ProcessBuilder.Redirect.INHERIT, measured, LONGEST);
        if (exit != 0) {
            throw new IOException("a measuring program ended with exit code %d: %s".formatted(exit, shortCommand()));
        }
        return measured;
    }

    /** Runs it and says whether it ended well within this time; what it says is dropped, as it may well fail. */
    boolean endsWellWithin(Duration patience) throws IOException, InterruptedException {
        return run(ProcessBuilder.Redirect.DISCARD, new Measured(), patience) == 0;
    }

    private int run(ProcessBuilder.Redirect errors, Measured measured, Duration patience)
            throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectError(errors).start();
        CompletableFuture.delayedExecutor(patience.toSeconds(), TimeUnit.SECONDS)
                .execute(process::destroyForcibly);
        try (BufferedReader reader = process.inputReader();
                Stream<String> lines = reader.lines()) {
            lines.forEach(measured::read);
            return process.waitFor();
        } finally {
            process.destroyForcibly(); // also when we are interrupted
        }
    }

    private String shortCommand() {
        String classPath = System.getProperty("java.class.path");
        return String.join(" ", command).replace(classPath, "CLASSPATH");
    }
}
