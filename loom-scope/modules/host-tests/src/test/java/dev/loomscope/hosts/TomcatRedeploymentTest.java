package dev.loomscope.hosts;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.server.TomcatServer;
import com.example.war.RunServlet;
import dev.loomscope.MixedScope;
import dev.loomscope.process.ProcessPool;
import jakarta.annotation.Resource;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.catalina.startup.Tomcat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.objectweb.asm.ClassReader;
import org.slf4j.Logger;

/** A web application that is undeployed leaves nothing in its Tomcat, and nothing is printed when that exits. */
class TomcatRedeploymentTest {

    private static final int ROUNDS = 5; // four redeployments
    private static final List<Class<?>> LIBRARIES =
            List.of(MixedScope.class, ProcessPool.class, ClassReader.class, Logger.class);
    private static final Pattern COMPLAINT = Pattern.compile(
            "memory leak|failed to|Illegal access|Exception|Error|WARNING.*(loom|example)|SEVERE", Pattern.DOTALL);

    @TempDir
    private Path folder;

    private List<Path> serverPath;

    @BeforeEach
    void prepareServer() throws IOException {
        serverPath = new ArrayList<>();
        serverPath.add(Archives.copyClasses(folder.resolve("server"), TomcatServer.class));
        serverPath.add(Archives.placeOf(Tomcat.class));
        serverPath.add(Archives.placeOf(Resource.class));
    }

    private List<String> run(String mode, Path war, int rounds, String... more) throws Exception {
        Path output = folder.resolve("output.txt");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-Duser.language=en",
                "-Dwar.mode=" + mode,
                "-Dloom.scope.cache=" + folder.resolve("cache")));
        for (String opened : List.of("java.lang", "java.io", "java.util", "java.util.concurrent")) {
            command.addAll(List.of("--add-opens", "java.base/" + opened + "=ALL-UNNAMED")); // as catalina.sh does
        }
        command.addAll(List.of("--add-opens", "java.rmi/sun.rmi.transport=ALL-UNNAMED", "-cp"));
        command.add(serverPath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator)));
        command.addAll(List.of(
                TomcatServer.class.getName(), folder.resolve("tomcat").toString(), war.toString(), rounds + ""));
        command.addAll(List.of(more));
        Process server = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(server.waitFor(240, TimeUnit.SECONDS))
                    .as(() -> "the server ends; it printed:\n" + read(output))
                    .isTrue();
        } finally {
            server.destroyForcibly();
        }
        return Files.readAllLines(output);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static void assertNoComplaint(List<String> lines) {
        assertThat(lines).noneMatch(line -> COMPLAINT.matcher(line).find());
    }

    private static List<Long> workers(List<String> lines) {
        return lines.stream()
                .filter(line -> line.startsWith("round "))
                .map(line -> Long.valueOf(line.replaceAll(".* ", "")))
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"own", "shared"})
    void loadersAreCollectedAndWorkersAreGoneAfterFourRedeployments(String mode) throws Exception {
        Path war = Archives.war(folder.resolve("app.war"), RunServlet.class.getPackage(), LIBRARIES);

        List<String> lines = run(mode, war, ROUNDS);

        assertThat(lines).filteredOn(line -> line.startsWith("round ")).hasSize(ROUNDS);
        assertThat(lines).contains("loaders left: 0");
        assertNoComplaint(lines);
        assertThat(workers(lines))
                .doesNotHaveDuplicates()
                .noneMatch(pid ->
                        ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isPresent());
    }

    @Test
    void loadersAreCollectedIfTheLibraryBelongsToTheServer() throws Exception {
        serverPath.addAll(LIBRARIES.stream().map(Archives::placeOf).toList());
        Path war = Archives.war(folder.resolve("app.war"), RunServlet.class.getPackage(), List.of());

        List<String> lines = run("threads", war, ROUNDS);

        assertThat(lines).filteredOn(line -> line.endsWith("ok no worker")).hasSize(ROUNDS);
        assertThat(lines).contains("loaders left: 0");
        assertNoComplaint(lines);
    }

    @ParameterizedTest
    @ValueSource(strings = {"own", "shared"})
    void exitOfServerWithDeployedApplicationEndsItsWorkersAndPrintsNothing(String mode) throws Exception {
        Path war = Archives.war(folder.resolve("app.war"), RunServlet.class.getPackage(), LIBRARIES);

        List<String> lines = run(mode, war, 1, "leave");

        assertThat(lines).contains("loaders left: 1");
        assertNoComplaint(lines);
        assertThat(workers(lines))
                .hasSize(1)
                .noneMatch(pid ->
                        ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isPresent());
    }
}
