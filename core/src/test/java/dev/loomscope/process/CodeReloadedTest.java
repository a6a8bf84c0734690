package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Classes that another class loader loads anew in the same JVM, as development tools do after each compilation. */
class CodeReloadedTest {

    private static final String OLD = "app 1, lib 1";
    private static final String NEW = "app 2, lib 2";
    private static final String REFUSED =
            "refused: dev.loomscope.process.CodeChangedException: CPU task 'work' was refused: ";

    @TempDir
    static Path builds;

    @TempDir
    Path folder;

    private Path classes;

    @BeforeAll
    static void build() throws Exception {
        TinyApp app = new TinyApp(builds);
        app.compile("tool", ReleasedApp.restarter());
        for (int release = 1; release <= 3; release++) {
            app.compile("classes-" + release, ReleasedApp.restarted(release));
        }
    }

    @BeforeEach
    void compileFirst() throws IOException {
        classes = folder.resolve("classes");
        compile(1);
    }

    private void compile(int release) throws IOException {
        Path from = builds.resolve("classes-" + release);
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path copy = classes.resolve(from.relativize(file).toString());
                Files.createDirectories(copy.getParent());
                Files.write(copy, Files.readAllBytes(file));
            }
        }
    }

    private ReleasedApp start() throws IOException {
        return ReleasedApp.start(
                folder,
                "-cp",
                TinyApp.classPath(classes, builds.resolve("tool")),
                "tool.Restarter",
                classes.toString());
    }

    @Test
    void warmWorkerIsReplacedWhenProgramHasLoadedNewClasses() throws Exception {
        try (ReleasedApp app = start()) {
            assertThat(app.tell("run")).isEqualTo(OLD);
            assertThat(app.tell("capture .")).isEqualTo(OLD + ".");
            compile(2);
            assertThat(app.tell("reload")).isEqualTo(NEW);

            assertThat(app.tell("run")).isEqualTo(NEW);
            assertThat(app.tell("capture .")).isEqualTo(NEW + ".");
            assertThat(app.tell("retired")).isEqualTo("1");
        }
    }

    @Test
    void taskOfOldClassesIsRefusedOnceNewOnesAreLoaded() throws Exception {
        try (ReleasedApp app = start()) {
            assertThat(app.tell("run")).isEqualTo(OLD);
            assertThat(app.tell("capture .")).isEqualTo(OLD + ".");
            compile(2);
            app.tell("reload");
            assertThat(app.tell("run")).isEqualTo(NEW);

            for (String command : new String[] {"old run", "old capture ."}) {
                assertThat(app.tell(command))
                        .startsWith(REFUSED + "this JVM loaded app.Job before " + classes + " was replaced");
            }
            assertThat(app.tell("run")).isEqualTo(NEW);
        }
    }

    @Test
    void forkRefusesWhenClassesAreCompiledAndNotLoaded() throws Exception {
        try (ReleasedApp app = start()) {
            assertThat(app.tell("run")).isEqualTo(OLD);
            compile(2);
            Eventually.becomesTrue("the fork is refused", () -> {
                String answer = app.tell("run");
                return !answer.equals(OLD) && answer.startsWith(REFUSED);
            });

            app.tell("reload");
            assertThat(app.tell("run")).isEqualTo(NEW);
            compile(3);
            Eventually.becomesTrue("the fork is refused", () -> {
                String answer = app.tell("run");
                return !answer.equals(NEW) && answer.startsWith(REFUSED);
            });
            app.tell("reload");
            assertThat(app.tell("capture .")).isEqualTo("app 3, lib 3.");
        }
    }

    @Test
    void runningAndWaitingTasksOfOldClassesFailWhenNewOnesAreLoaded() throws Exception {
        Path marker = folder.resolve("marker");
        try (ReleasedApp app = start()) {
            app.tell("slowly " + marker);
            ReleasedApp.awaitBegun(marker);
            app.tell("background waiting");
            compile(2);
            app.tell("reload");
            assertThat(app.tell("run")).isEqualTo(NEW);
            Files.createFile(marker);

            for (String task : new String[] {marker.toString(), "waiting"}) {
                assertThat(app.tell("await " + task))
                        .startsWith("failed: dev.loomscope.process.CodeChangedException: CPU task 'work' ")
                        .contains(classes + "/");
            }
        }
    }

    @Test
    void reloadOfUnchangedClassesKeepsWarmWorker() throws Exception {
        try (ReleasedApp app = start()) {
            assertThat(app.tell("run")).isEqualTo(OLD);
            app.tell("reload");

            assertThat(app.tell("run")).isEqualTo(OLD);
            assertThat(app.tell("old run")).isEqualTo(OLD);
            assertThat(app.tell("retired")).isEqualTo("0");
        }
    }

    /** As a plug-in that brings its own version of a class that the class path has, too. */
    @Test
    void taskWhoseLoaderHasOtherCodeThanTheClassPathIsRefused() throws Exception {
        Path onClassPath = builds.resolve("classes-2");
        try (ReleasedApp app = ReleasedApp.start(
                folder,
                "-cp",
                TinyApp.classPath(onClassPath, builds.resolve("tool")),
                "tool.Restarter",
                classes.toString())) {

            assertThat(app.tell("run"))
                    .startsWith(REFUSED + "this JVM has loaded app.Job by ")
                    .contains("a worker process would load other code: file:" + onClassPath);
        }
    }

    @Test
    void taskWhoseLoaderHasOnlyOtherHelpersThanTheClassPathIsRefused() throws Exception {
        Map<String, String> sources = new HashMap<>(ReleasedApp.library(2));
        sources.put("app/Job.java", ReleasedApp.restarted(1).get("app/Job.java"));
        Path onClassPath = new TinyApp(folder).compile("mixed", sources);
        try (ReleasedApp app = ReleasedApp.start(
                folder,
                "-cp",
                TinyApp.classPath(onClassPath, builds.resolve("tool")),
                "tool.Restarter",
                classes.toString())) {

            assertThat(app.tell("run"))
                    .startsWith(REFUSED + "this JVM has loaded app.Job by ")
                    .contains("a worker process would load other code: lib/")
                    .contains(" in " + onClassPath);
        }
    }
}
