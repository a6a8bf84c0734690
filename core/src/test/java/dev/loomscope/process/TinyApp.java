package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.objectweb.asm.ClassReader;
import org.slf4j.Logger;

/**
 * A program of a few lines that runs a CPU task twice, in one worker, and prints what it returns. It is compiled here, and started
 * in a JVM of its own in all the ways in which there are programs.
 */
final class TinyApp {

    static final String PREFIX = "worker says: ";

    private final Path folder;

    TinyApp(Path folder) {
        this.folder = folder;
    }

    /** The source of the program, whose task returns the value of this expression, a text. */
    static String source(String expression) {
        return """
                package app;

                import dev.loomscope.core.CpuRequest;
                import dev.loomscope.core.Task;
                import dev.loomscope.process.ProcessPool;

                public class Main {
                    public static void main(String[] args) {
                        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1).withMaxHeapMiB(32))) {
                            for (int i = 0; i < 2; i++) {
                                System.out.println("PREFIX" + run(pool));
                            }
                        }
                    }

                    private static String run(ProcessPool pool) {
                        try {
                            return pool.prepare(new CpuRequest<>((Task<String>) Main::work, "work", runner -> {})).run();
                        } catch (Throwable e) {
                            return e.toString();
                        }
                    }

                    static String work() throws Exception {
                        return EXPRESSION;
                    }
                }
                """.replace("PREFIX", PREFIX).replace("EXPRESSION", expression);
    }

    /** Compiles the program into a new folder. */
    Path compile(String name, String expression, String... options) throws IOException {
        return compile(name, Map.of("app/Main.java", source(expression)), options);
    }

    Path compile(String name, Map<String, String> sources, String... options) throws IOException {
        Path target = Files.createDirectories(folder.resolve(name));
        Path from = Files.createTempDirectory(folder, "source");
        List<String> arguments = new ArrayList<>(List.of("-d", target.toString(), "-proc:none"));
        arguments.addAll(List.of(options));
        if (!arguments.contains("--module-path") && !arguments.contains("-cp")) {
            arguments.addAll(List.of("-cp", String.join(":", libraries())));
        }
        for (Map.Entry<String, String> source : sources.entrySet()) {
            Path file = from.resolve(source.getKey());
            Files.createDirectories(file.getParent());
            Files.writeString(file, source.getValue());
            arguments.add(file.toString());
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        assertThat(compiler.run(null, OutputStream.nullOutputStream(), null, arguments.toArray(String[]::new)))
                .isZero();
        return target;
    }

    /** What the program needs: loom-scope, and what that needs. No logging backend, which is slow to start. */
    static List<String> libraries() {
        return Stream.of(ProcessPool.class, Logger.class, ClassReader.class)
                .map(TinyApp::origin)
                .toList();
    }

    private static String origin(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The class path of the program in {@code classes}. */
    static String classPath(Object... classes) {
        return String.join(
                ":",
                Stream.concat(Stream.of(classes).map(Object::toString), libraries().stream())
                        .toList());
    }

    /** The libraries as jars, which a folder of classes has to be made. */
    List<Path> jars() throws IOException {
        List<Path> jars = new ArrayList<>();
        for (String library : libraries()) {
            Path path = Path.of(library);
            jars.add(
                    Files.isDirectory(path)
                            ? jar("loom-scope-core.jar", path, Map.of("Automatic-Module-Name", "dev.loomscope.core"))
                            : path);
        }
        return jars;
    }

    /** Makes a jar of a folder. */
    Path jar(String name, Path classes, Map<String, String> manifest) throws IOException {
        Path file = folder.resolve(name);
        try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(file), manifest(manifest))) {
            addTree(jar, "", classes);
        }
        return file;
    }

    static Manifest manifest(Map<String, String> values) {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        values.forEach(manifest.getMainAttributes()::putValue);
        return manifest;
    }

    /** Adds all files of a folder. */
    static void addTree(JarOutputStream jar, String prefix, Path tree) throws IOException {
        try (Stream<Path> files = Files.walk(tree)) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                String name = prefix + tree.relativize(file);
                if (!name.equals("META-INF/MANIFEST.MF")) {
                    jar.putNextEntry(new JarEntry(name));
                    Files.copy(file, jar);
                }
            }
        }
    }

    /** Starts java with these arguments, and returns what its workers said. */
    List<String> java(String... arguments) throws Exception {
        return said(run(Map.of(), javaCommand(arguments)));
    }

    static List<String> javaCommand(String... arguments) {
        List<String> command = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java"));
        command.addAll(List.of("-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
        command.addAll(List.of(arguments));
        return command;
    }

    static List<String> said(String output) {
        List<String> lines = output.lines()
                .filter(line -> line.contains(PREFIX))
                .map(line -> line.substring(line.indexOf(PREFIX) + PREFIX.length()))
                .toList();
        assertThat(lines).as(output).isNotEmpty();
        return lines;
    }

    /** Runs a command in the folder, and returns all that it printed. */
    String run(Map<String, String> environment, List<String> command) throws Exception {
        return run(environment, "", command);
    }

    String run(Map<String, String> environment, String input, List<String> command) throws Exception {
        Path output = Files.createTempFile(folder, "output", "");
        Path in = Files.writeString(Files.createTempFile(folder, "input", ""), input);
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectInput(in.toFile())
                .redirectOutput(output.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
        return Files.readString(output, StandardCharsets.UTF_8);
    }
}
