package dev.loomscope.demos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * A demo that was run as users run it: by {@code java}, without any flag that it would need.
 *
 * @param exitCode of its process
 * @param out what it printed to stdout
 * @param err what it printed to stderr
 */
record DemoProcess(int exitCode, List<String> out, List<String> err) {

    /** Runs a demo to its end, with its temporary files in {@code temp}; fails if one of its processes is left. */
    static DemoProcess run(Class<?> demo, Path temp, String... arguments) throws IOException, InterruptedException {
        Path out = temp.resolve("out.txt");
        Path err = temp.resolve("err.txt");
        Path scratch = Files.createDirectories(temp.resolve("scratch"));
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.io.tmpdir=" + scratch,
                "-cp",
                System.getProperty("java.class.path"),
                demo.getName()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        Set<ProcessHandle> descendants = new LinkedHashSet<>();
        try {
            while (!process.waitFor(20, TimeUnit.MILLISECONDS)) {
                process.descendants().forEach(descendants::add);
            }
        } finally {
            process.destroyForcibly();
        }
        assertThat(descendants).as("processes left by %s", demo).noneMatch(DemoProcess::isRunning);
        return new DemoProcess(process.exitValue(), Files.readAllLines(out), Files.readAllLines(err));
    }

    // A dead process whose parent died first counts as alive until somebody buries it, but has no command any more.
    private static boolean isRunning(ProcessHandle process) {
        return process.isAlive() && process.info().command().isPresent();
    }

    /** Fails, with all that was printed, unless it succeeded and printed nothing but its story. */
    DemoProcess succeeded() {
        assertThat(exitCode).as(this::toString).isZero();
        assertThat(err).as(this::toString).isEmpty();
        return this;
    }

    /** What it left in its folder for temporary files. */
    static List<String> leftovers(Path temp) {
        String[] names = new File(temp.toFile(), "scratch").list();
        return names == null ? List.of() : List.of(names);
    }

    String lastLine() {
        return out.get(out.size() - 1);
    }

    @Override
    public String toString() {
        return "exit code %d%n%s%n%s".formatted(exitCode, String.join("\n", out), String.join("\n", err));
    }
}
