package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Programs whose jars and classes are replaced while they run, as a deployment or a build does: no task runs other code than its caller. */
class CodeChangedTest {

    private static final String OLD = "app 1, lib 1, late 1";
    private static final String REFUSED =
            "refused: dev.loomscope.process.CodeChangedException: CPU task 'work' was refused: ";
    private static final String FAILED = "failed: dev.loomscope.process.CodeChangedException: ";

    @TempDir
    static Path releases;

    @TempDir
    Path folder;

    private Path appJar;
    private Path libJar;

    @BeforeAll
    static void makeReleases() throws Exception {
        TinyApp app = new TinyApp(releases);
        for (int release = 1; release <= 2; release++) {
            Path lib = app.compile("lib-" + release, ReleasedApp.library(release));
            Path program = app.compile("app-" + release, ReleasedApp.program(release), "-cp", TinyApp.classPath(lib));
            app.jar("lib-" + release + ".jar", lib, Map.of());
            app.jar("app-" + release + ".jar", program, Map.of("Class-Path", "lib.jar"));
        }
        assertThat(releases.resolve("app-1.jar")).hasSize(Files.size(releases.resolve("app-2.jar")));
    }

    @BeforeEach
    void deploy() throws IOException {
        appJar = Files.copy(releases.resolve("app-1.jar"), folder.resolve("app.jar"));
        libJar = Files.copy(releases.resolve("lib-1.jar"), folder.resolve("lib.jar"));
    }

    private static Path release2(Path jar) {
        return releases.resolve(jar.getFileName().toString().replace(".jar", "-2.jar"));
    }

    /** How a jar becomes another one. */
    enum Deployment {
        RENAME {
            @Override
            void replace(Path jar, Path next) throws IOException {
                Path copy = Files.copy(next, jar.resolveSibling("next"), StandardCopyOption.REPLACE_EXISTING);
                Files.move(copy, jar, StandardCopyOption.ATOMIC_MOVE);
            }
        },
        RENAME_WITH_TIME {
            @Override
            void replace(Path jar, Path next) throws IOException {
                FileTime time = Files.getLastModifiedTime(jar);
                Path copy = Files.copy(next, jar.resolveSibling("next"), StandardCopyOption.REPLACE_EXISTING);
                Files.setLastModifiedTime(copy, time);
                Files.move(copy, jar, StandardCopyOption.ATOMIC_MOVE);
            }
        },
        OLD_ONE_MOVED_AWAY {
            @Override
            void replace(Path jar, Path next) throws IOException {
                Files.move(jar, jar.resolveSibling("backup"));
                Files.copy(next, jar);
            }
        },
        OVERWRITE {
            @Override
            void replace(Path jar, Path next) throws IOException {
                Files.write(jar, Files.readAllBytes(next));
            }
        },
        OVERWRITE_WITH_TIME {
            @Override
            void replace(Path jar, Path next) throws IOException {
                FileTime time = Files.getLastModifiedTime(jar);
                Files.write(jar, Files.readAllBytes(next));
                Files.setLastModifiedTime(jar, time);
            }
        };

        abstract void replace(Path jar, Path next) throws IOException;
    }

    // Tasks that are forked all the time are checked every few milliseconds only; until then they run the old code.
    private static String refusal(ReleasedApp app) throws Exception {
        Eventually.becomesTrue("the fork is refused", () -> !app.tell("check").equals("taken"));
        String warm = app.tell("capture .");
        assertThat(app.tell("run")).isEqualTo(warm);
        return warm;
    }

    private ReleasedApp start(String... options) throws IOException {
        return start(List.of(options), TinyApp.classPath(appJar, libJar));
    }

    private ReleasedApp start(List<String> options, String classPath) throws IOException {
        Stream<String> java = Stream.concat(options.stream(), Stream.of("-cp", classPath, "app.Main"));
        return ReleasedApp.start(folder, java.toArray(String[]::new));
    }

    @ParameterizedTest
    @EnumSource
    void forkRefusesWhenJarIsReplacedBeforeFirstWorkerStarts(Deployment deployment) throws Exception {
        try (ReleasedApp app = start()) {
            app.tell("open");
            deployment.replace(appJar, release2(appJar));

            assertThat(app.tell("run")).startsWith(REFUSED + appJar + " was ").contains("Restart this JVM");
            assertThat(app.tell("capture .")).startsWith(REFUSED + appJar);
        }
    }

    @ParameterizedTest
    @EnumSource
    void forkRefusesWhenJarIsReplacedBeforePoolIsOpened(Deployment deployment) throws Exception {
        try (ReleasedApp app = start()) {
            deployment.replace(appJar, release2(appJar));

            assertThat(app.tell("run"))
                    .startsWith(REFUSED + appJar)
                    .contains(" was written after this JVM had started");
        }
    }

    @ParameterizedTest
    @EnumSource
    void forkRefusesWhenLibraryIsReplacedWhileWorkerIsWarm(Deployment deployment) throws Exception {
        try (ReleasedApp app = start()) {
            assertThat(app.tell("run")).isEqualTo(OLD);
            assertThat(app.tell("capture .")).isEqualTo(OLD + ".");
            deployment.replace(libJar, release2(libJar));

            assertThat(refusal(app)).startsWith(REFUSED + libJar);
        }
    }

    @Test
    void forkGoesOnWhenJarIsOnlyTouchedOrReplacedByACopy() throws Exception {
        try (ReleasedApp app = start()) {
            app.tell("open");
            Files.setLastModifiedTime(appJar, FileTime.from(Instant.now()));
            assertThat(app.tell("run")).isEqualTo(OLD);

            Deployment.RENAME.replace(appJar, releases.resolve("app-1.jar"));
            Deployment.OVERWRITE.replace(libJar, releases.resolve("lib-1.jar"));
            assertThat(app.tell("run")).isEqualTo(OLD);
        }
    }

    /** As of an archive from another time zone. */
    @Test
    void forkGoesOnWhenTimeOfJarIsInTheFuture() throws Exception {
        Files.setLastModifiedTime(appJar, FileTime.from(Instant.now().plusSeconds(3_600)));
        try (ReleasedApp app = start()) {
            assertThat(app.tell("run")).isEqualTo(OLD);
        }
    }

    @Test
    void forkGoesOnWhenOldJarIsPutBack() throws Exception {
        try (ReleasedApp app = start()) {
            app.tell("open");
            Deployment.RENAME.replace(appJar, release2(appJar));
            assertThat(refusal(app)).startsWith(REFUSED);

            Deployment.RENAME.replace(appJar, releases.resolve("app-1.jar"));
            Eventually.becomesTrue("the fork is taken", () -> app.tell("check").equals("taken"));
            assertThat(app.tell("run")).isEqualTo(OLD);
        }
    }

    @Test
    void forkRefusesWhenJarIsDeleted() throws Exception {
        try (ReleasedApp app = start()) {
            app.tell("open");
            Files.delete(appJar);

            assertThat(refusal(app)).startsWith(REFUSED + appJar + " is missing");
        }
    }

    @Test
    void forkRefusesWhenJarIsTruncated() throws Exception {
        try (ReleasedApp app = start()) {
            app.tell("open");
            try (FileChannel jar = FileChannel.open(libJar, StandardOpenOption.WRITE)) {
                jar.truncate(100);
            }

            assertThat(refusal(app)).startsWith(REFUSED + libJar + " was overwritten");
        }
    }

    @Test
    void forkRefusesWhenMissingJarAppears() throws Exception {
        Path patch = folder.resolve("patch.jar");
        try (ReleasedApp app = start(List.of(), TinyApp.classPath(patch, appJar, libJar))) {
            assertThat(app.tell("run")).isEqualTo(OLD);
            Files.copy(release2(appJar), patch);

            assertThat(refusal(app)).startsWith(REFUSED + patch + " was added");
        }
    }

    /** As "current", the link that many deployments have. */
    @Test
    void forkRefusesWhenLinkToReleaseIsRepointed() throws Exception {
        Path current = linkedRelease();
        try (ReleasedApp app = start(List.of(), linkedClassPath(current))) {
            app.tell("open");
            repoint(current);

            assertThat(refusal(app)).startsWith(REFUSED + current.resolve("app.jar") + " was replaced");
        }
    }

    @Test
    void forkRefusesWhenLinkToReleaseWasRepointedBeforePoolIsOpened() throws Exception {
        Path current = linkedRelease();
        try (ReleasedApp app = start(List.of(), linkedClassPath(current))) {
            repoint(current);

            assertThat(refusal(app)).startsWith(REFUSED + current.resolve("app.jar"));
        }
    }

    private Path linkedRelease() throws IOException {
        for (int release = 1; release <= 2; release++) {
            Path version = Files.createDirectory(folder.resolve("release-" + release));
            Files.copy(releases.resolve("app-" + release + ".jar"), version.resolve("app.jar"));
            Files.copy(releases.resolve("lib-1.jar"), version.resolve("lib.jar"));
        }
        return Files.createSymbolicLink(folder.resolve("current"), Path.of("release-1"));
    }

    private static String linkedClassPath(Path current) {
        return TinyApp.classPath(current.resolve("app.jar"), current.resolve("lib.jar"));
    }

    private void repoint(Path current) throws IOException {
        Path next = Files.createSymbolicLink(folder.resolve("next"), Path.of("release-2"));
        Files.move(next, current, StandardCopyOption.ATOMIC_MOVE);
    }

    @Test
    void forkRefusesWhenJarThatAManifestNamesIsReplaced() throws Exception {
        try (ReleasedApp app = start(List.of(), TinyApp.classPath(appJar))) {
            assertThat(app.tell("here")).isEqualTo(OLD);
            Deployment.RENAME.replace(libJar, release2(libJar));

            assertThat(refusal(app)).startsWith(REFUSED + libJar);
        }
    }

    @Test
    void forkRefusesWhenJarOfModulePathIsReplaced() throws Exception {
        Path modules = Files.createDirectory(folder.resolve("modules"));
        TinyApp tiny = new TinyApp(folder);
        for (Path jar : tiny.jars()) {
            Files.copy(jar, modules.resolve(jar.getFileName()));
        }
        for (int release = 1; release <= 2; release++) {
            Map<String, String> sources = new HashMap<>(ReleasedApp.program(release));
            sources.putAll(ReleasedApp.library(release));
            sources.put(
                    "module-info.java",
                    "module app { requires dev.loomscope.core; requires org.slf4j; requires org.objectweb.asm; }");
            Path classes = tiny.compile("module-" + release, sources, "--module-path", modules.toString());
            tiny.jar("module-" + release + ".jar", classes, Map.of());
        }
        Path jar = Files.copy(folder.resolve("module-1.jar"), modules.resolve("app.jar"));
        try (ReleasedApp app = ReleasedApp.start(folder, "-p", modules.toString(), "-m", "app/app.Main")) {
            assertThat(app.tell("run")).isEqualTo(OLD);
            Deployment.RENAME.replace(jar, folder.resolve("module-2.jar"));

            assertThat(refusal(app)).startsWith(REFUSED + jar);
        }
    }

    private Path classes(int release, Path target) throws IOException {
        copyTree(releases.resolve("app-" + release), target);
        copyTree(releases.resolve("lib-" + release), target);
        return target;
    }

    private static void copyTree(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path copy = to.resolve(from.relativize(file).toString());
                Files.createDirectories(copy.getParent());
                Files.write(copy, Files.readAllBytes(file)); // as a compiler: in place
            }
        }
    }

    @Test
    void forkRefusesWhenClassFolderIsRecompiled() throws Exception {
        Path classes = classes(1, folder.resolve("classes"));
        try (ReleasedApp app = start(List.of(), TinyApp.classPath(classes))) {
            assertThat(app.tell("run")).isEqualTo(OLD);
            classes(1, classes);
            Eventually.becomesTrue(
                    "equal classes are told from others",
                    () -> app.tell("check").equals("taken"));
            assertThat(app.tell("run")).isEqualTo(OLD);

            copyTree(releases.resolve("lib-2"), classes);
            assertThat(refusal(app)).startsWith(REFUSED + classes.resolve("lib/"));
            assertThat(app.tell("here")).isEqualTo(OLD);
        }
    }

    @Test
    void forkRefusesWhenClassFolderWasRecompiledBeforePoolIsOpened() throws Exception {
        Path classes = classes(1, folder.resolve("classes"));
        try (ReleasedApp app = start(List.of(), TinyApp.classPath(classes))) {
            copyTree(releases.resolve("lib-2"), classes);

            assertThat(refusal(app)).startsWith(REFUSED + classes.resolve("lib/"));
        }
    }

    @Test
    void forkRefusesWhenClassIsAddedToFolderOrDeleted() throws Exception {
        Path front = Files.createDirectory(folder.resolve("front"));
        Path classes = classes(1, folder.resolve("classes"));
        try (ReleasedApp app = start(List.of(), TinyApp.classPath(front, classes))) {
            assertThat(app.tell("run")).isEqualTo(OLD);
            copyTree(releases.resolve("lib-2"), front);
            assertThat(refusal(app)).startsWith(REFUSED + front.resolve("lib/")).contains(" was added");

            for (String file : List.of("lib/Text.class", "lib/Late.class")) {
                Files.delete(front.resolve(file));
            }
            Eventually.becomesTrue("the fork is taken", () -> app.tell("check").equals("taken"));
            assertThat(app.tell("run")).isEqualTo(OLD);
            Files.delete(classes.resolve("lib/Late.class"));
            assertThat(refusal(app)).startsWith(REFUSED + classes.resolve("lib/Late.class") + " is missing");
        }
    }

    @Test
    void otherFilesInClassFolderDoNotMatter() throws Exception {
        Path classes = classes(1, folder.resolve("classes"));
        try (ReleasedApp app = start(List.of(), TinyApp.classPath(classes))) {
            assertThat(app.tell("run")).isEqualTo(OLD);
            Files.writeString(classes.resolve("app.log"), "a line");
            Files.createDirectories(classes.resolve("META-INF/logs"));

            assertThat(app.tell("run")).isEqualTo(OLD);
        }
    }

    @Test
    void runningAndWaitingTasksEndInWorkerThatHasOldJarsOpen() throws Exception {
        assumeTrue(Files.exists(Path.of("/proc/self/fd")));
        Path marker = folder.resolve("marker");
        try (ReleasedApp app = start()) {
            app.tell("slowly " + marker);
            ReleasedApp.awaitBegun(marker);
            app.tell("background waiting");
            Deployment.RENAME.replace(appJar, release2(appJar));
            Deployment.RENAME.replace(libJar, release2(libJar));
            assertThat(refusal(app)).startsWith(REFUSED + appJar);
            Files.createFile(marker);

            assertThat(app.tell("await " + marker)).isEqualTo(OLD);
            assertThat(app.tell("await waiting")).isEqualTo(OLD);
        }
    }

    /** Its worker would load the class that it needs last from the new file. */
    @Test
    void runningAndWaitingTasksFailWhenJarIsOverwritten() throws Exception {
        Path marker = folder.resolve("marker");
        try (ReleasedApp app = start()) {
            app.tell("slowly " + marker);
            ReleasedApp.awaitBegun(marker);
            app.tell("background waiting");
            Deployment.OVERWRITE_WITH_TIME.replace(libJar, release2(libJar));
            Files.createFile(marker);

            assertThat(app.tell("await " + marker))
                    .startsWith(FAILED + "CPU task 'work' ran in worker ")
                    .contains("may have loaded classes of the new code: " + libJar + " was overwritten");
            assertThat(app.tell("await waiting")).startsWith(FAILED).contains(libJar + " was overwritten");
        }
    }

    @Test
    void runningTaskFailsWhenClassThatItLoadsLaterIsRecompiled() throws Exception {
        Path classes = classes(1, folder.resolve("classes"));
        Path marker = folder.resolve("marker");
        try (ReleasedApp app = start(List.of(), TinyApp.classPath(classes))) {
            app.tell("slowly " + marker);
            ReleasedApp.awaitBegun(marker);
            copyTree(releases.resolve("lib-2"), classes);
            Files.createFile(marker);

            assertThat(app.tell("await " + marker)).startsWith(FAILED).contains(classes.resolve("lib/") + "");
        }
    }

    @Test
    void nestedTaskIsRefusedWhenJarIsReplaced() throws Exception {
        assumeTrue(Files.exists(Path.of("/proc/self/fd")));
        Path marker = folder.resolve("marker");
        try (ReleasedApp app = start()) {
            app.tell("nested " + marker);
            ReleasedApp.awaitBegun(marker);
            Deployment.RENAME.replace(libJar, release2(libJar));
            Files.createFile(marker);

            assertThat(app.tell("await " + marker)).startsWith(REFUSED + libJar);
        }
    }

    @Test
    void prewarmFailsWhenJarIsReplaced() throws Exception {
        try (ReleasedApp app = start()) {
            app.tell("open");
            Deployment.RENAME.replace(libJar, release2(libJar));

            assertThat(app.tell("prewarm"))
                    .startsWith("dev.loomscope.process.WorkerStartException: worker w1 of pool 'cpu' was not started: "
                            + libJar + " was replaced")
                    .contains(" because of dev.loomscope.process.CodeChangedException: ");
        }
    }

    @Test
    void workerThatStartsWhileJarIsReplacedGetsNoTask() throws Exception {
        Path marker = folder.resolve("marker");
        try (ReleasedApp app = start("-Dinit=" + marker)) {
            app.tell("later task");
            ReleasedApp.awaitBegun(marker);
            Deployment.RENAME_WITH_TIME.replace(libJar, release2(libJar));
            Files.createFile(marker);

            assertThat(app.tell("await task"))
                    .startsWith(FAILED + "worker w1 of pool 'cpu' was not started: " + libJar + " was replaced");
        }
    }

    @Test
    void forkRefusesWhenJarOfSpringBootIsReplaced() throws Exception {
        TinyApp tiny = new TinyApp(folder);
        Path next = Files.move(springBoot(tiny, 2), folder.resolve("next.jar"));
        Path jar = springBoot(tiny, 1);
        try (ReleasedApp app = ReleasedApp.start(folder, "-jar", jar.toString())) {
            assertThat(app.tell("run")).isEqualTo(OLD);
            Deployment.RENAME.replace(jar, next);

            assertThat(refusal(app)).startsWith(REFUSED + jar + " was replaced");
        }
    }

    private Path springBoot(TinyApp tiny, int release) throws Exception {
        Path classes = classes(release, folder.resolve("boot-" + release));
        return ParentWorldTest.springBootJar(tiny, folder.resolve("boot.jar"), classes, "JarLauncher");
    }

    /** As builds make that can be repeated: all their files have one time. */
    @Test
    void startArchiveIsNotUsedForJarOfOtherContentWithSameSizeAndTime() throws Exception {
        List<String> arguments = List.of("-cp", appJar.toString());
        String key = ArchiveKey.of(arguments);
        Deployment.OVERWRITE_WITH_TIME.replace(appJar, releases.resolve("app-1.jar"));
        assertThat(ArchiveKey.of(arguments)).isEqualTo(key);

        Deployment.OVERWRITE_WITH_TIME.replace(appJar, release2(appJar));
        assertThat(ArchiveKey.of(arguments)).isNotEqualTo(key);
    }
}
