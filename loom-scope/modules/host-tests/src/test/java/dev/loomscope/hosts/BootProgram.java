package dev.loomscope.hosts;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The executable jar of a Spring Boot service, which runs in a JVM of its own. */
final class BootProgram implements AutoCloseable {

    private static final Pattern PORT = Pattern.compile("Tomcat started on port (\\d+)");
    private static final long PATIENCE_SECONDS = 60;

    private final Process process;
    private final Path output;

    private BootProgram(Process process, Path output) {
        this.process = process;
        this.output = output;
    }

    /** Starts the jar of the module with this name, and waits until it serves requests. */
    static BootProgram start(String module, Path folder, String... arguments) throws Exception {
        Path jar = Path.of(module, "target", module + "-exec.jar").toAbsolutePath();
        assertThat(jar).as("the jar that the module %s builds", module).exists();
        List<String> command = new ArrayList<>(List.of(
                System.getProperty("java.home") + "/bin/java",
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-Dloom.scope.cache=" + folder.resolve("cache"),
                "-jar",
                jar.toString(),
                "--server.port=0",
                "--server.shutdown=graceful"));
        command.addAll(List.of(arguments));
        Path output = folder.resolve("output");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        BootProgram program = new BootProgram(process, output);
        try {
            program.await(
                    "it serves requests", () -> PORT.matcher(program.output()).find());
        } catch (Throwable e) {
            program.close();
            throw e;
        }
        return program;
    }

    long pid() {
        return process.pid();
    }

    int port() throws IOException {
        Matcher line = PORT.matcher(output());
        assertThat(line.find()).isTrue();
        return Integer.parseInt(line.group(1));
    }

    /** All that it has printed so far. */
    String output() throws IOException {
        return Files.readString(output, StandardCharsets.UTF_8);
    }

    /** Asks it to end, as {@code kill} does. */
    void terminate() {
        process.destroy();
    }

    /** Waits until it has printed this. */
    void awaitLine(String words) throws Exception {
        await("it says: " + words, () -> output().contains(words));
    }

    /** Waits for something that it does. */
    void await(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.call()) {
            if (System.nanoTime() > end || !process.isAlive()) {
                throw new AssertionError("not seen: " + what + "; it said:\n" + output());
            }
            Thread.sleep(10);
        }
    }

    boolean hasEnded(long seconds) throws InterruptedException {
        return process.waitFor(seconds, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
