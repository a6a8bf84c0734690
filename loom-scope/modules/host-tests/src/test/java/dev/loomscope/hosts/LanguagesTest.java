package dev.loomscope.hosts;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs in Kotlin, Scala and Groovy, compiled by the compilers that their users have, fork tasks of all kinds. */
class LanguagesTest {
    private static final String OURS =
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));

    @TempDir
    Path folder;

    @Test
    void kotlinProgramRunsItsTasksAsAnnotated() throws Exception {
        compileKotlin();
        assertThat(run("kotlin", "kotlin-stdlib", "caller.KotlinCallerKt"))
                .contains("passed 108 checks")
                .doesNotContain("FAILED");
    }

    @Test
    void kotlinProgramWithLambdasAsClassesRunsItsTasksAsAnnotated() throws Exception {
        compileKotlin("-Xlambdas=class", "-Xsam-conversions=class");
        assertThat(run("kotlin", "kotlin-stdlib", "caller.KotlinCallerKt", "classes"))
                .contains("passed 107 checks")
                .doesNotContain("FAILED");
    }

    @Test
    void scalaProgramRunsItsTasksAsAnnotated() throws Exception {
        compile("scala", "dotty.tools.dotc.Main", "-color", "never", source("scala/ScalaCaller.scala"));
        assertThat(run("scala", "library", "caller.ScalaCaller"))
                .contains("passed 84 checks")
                .doesNotContain("FAILED");
    }

    @Test
    void groovyProgramRunsItsTasksAsAnnotated() throws Exception {
        compile("groovy", "org.codehaus.groovy.tools.FileSystemCompiler", source("groovy/GroovyCaller.groovy"));
        assertThat(run("groovy", "groovy", "caller.GroovyCaller"))
                .contains("passed 98 checks")
                .doesNotContain("FAILED");
    }

    private void compileKotlin(String... options) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("-no-stdlib", "-no-reflect", "-nowarn", "-jvm-target", "21"));
        arguments.addAll(List.of(options));
        arguments.add(source("kotlin/KotlinCaller.kt"));
        compile("kotlin", "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler", arguments.toArray(String[]::new));
    }

    private void compile(String language, String compiler, String... arguments) throws Exception {
        Path classes = Files.createDirectories(folder.resolve("classes"));
        String jars = jars(language, "");
        List<String> command = new ArrayList<>(List.of(java(), "-cp", jars + File.pathSeparator + OURS, compiler));
        command.addAll(List.of("-cp", OURS + File.pathSeparator + jars, "-d", classes.toString()));
        command.addAll(List.of(arguments));
        Output output = execute(command);
        assertThat(output.exit()).as(output.text()).isZero();
    }

    private String run(String language, String library, String main, String... arguments) throws Exception {
        String classes = folder.resolve("classes").toString();
        String classPath = String.join(File.pathSeparator, classes, OURS, jars(language, library));
        List<String> command = new ArrayList<>(List.of(java(), "-cp", classPath, main));
        command.addAll(List.of(arguments));
        return execute(command).text();
    }

    private Output execute(List<String> command) throws IOException, InterruptedException {
        Path log = Files.createTempFile(folder, "output", ".txt");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            assertThat(process.waitFor(2, TimeUnit.MINUTES)).as("has ended").isTrue();
        } finally {
            process.destroyForcibly();
        }
        return new Output(process.exitValue(), Files.readString(log));
    }

    private static String jars(String language, String name) throws IOException {
        try (Stream<Path> files = Files.list(Path.of("target/languages", language))) {
            return files.filter(file -> file.getFileName().toString().contains(name))
                    .map(file -> file.toAbsolutePath().toString())
                    .collect(Collectors.joining(File.pathSeparator));
        }
    }

    private static String source(String file) {
        return Path.of("src/test", file).toAbsolutePath().toString();
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private record Output(int exit, String text) {}
}
