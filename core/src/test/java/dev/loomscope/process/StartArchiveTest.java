package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** With the class path of a program in jars, as workers have it from this JVM. */
@Timeout(600) // a build yields to everybody, and may wait for its turn
class StartArchiveTest {

    private static final ProcessPoolConfig CONFIG =
            ProcessPoolConfig.defaults().withName("archived").withWorkers(1).withMaxHeapMiB(64);

    /** The promise is 2 s; the rest is for a machine under load, and for a JVM that cannot be stopped while it writes. */
    private static final Duration BACKGROUND = Duration.ofMinutes(4);

    private static final Duration PROMISE = Duration.ofSeconds(2 + 8);

    @TempDir
    static Path jars;

    private static final String OWN_CACHE = System.getProperty(ArchiveFolder.PROPERTY, "");

    private static String jarClassPath;

    @TempDir
    Path folder;

    private final String ownClassPath = System.getProperty("java.class.path");

    private Path cache;

    @BeforeAll
    static void makeJars() throws Exception {
        TinyApp app = new TinyApp(Files.createDirectory(jars.resolve("app")));
        Path tests = Path.of(StartArchiveTest.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        List<String> all = new ArrayList<>();
        for (Path jar : app.jars()) { // a copy, which no other run of this test touches
            all.add(Files.copy(jar, jars.resolve(jar.getFileName())).toString());
        }
        all.add(Files.isDirectory(tests) ? app.jar("tests.jar", tests, Map.of()).toString() : tests.toString());
        jarClassPath = String.join(":", all);
    }

    @BeforeEach
    void useThem() {
        cache = folder.resolve("cache");
        System.setProperty("java.class.path", jarClassPath);
        System.setProperty(ArchiveFolder.PROPERTY, cache.toString());
    }

    @AfterEach
    void restore() {
        System.setProperty("java.class.path", ownClassPath);
        System.setProperty(ArchiveFolder.PROPERTY, OWN_CACHE);
    }

    @Test
    void whatOneBuildsOthersStartWithUntilAJarChanges() throws Exception {
        StartArchive.Place place = place();
        List<ArchiveBuild> builders = List.of(build(place), build(place), build(place));
        CompletableFuture.allOf(builders.stream()
                        .map(builder -> CompletableFuture.runAsync(builder::run, Thread::startVirtualThread))
                        .toArray(CompletableFuture<?>[]::new))
                .join();

        assertThat(archives()).hasSize(1).containsExactly(place.find());
        assertThat(names()).as("and nothing besides").hasSize(2).contains("lock");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(cache)))
                .isEqualTo("rwx------");
        assertThat(filesOfWorker(CONFIG)).contains(archives().getFirst().toString());
        assertThat(filesOfWorker(CONFIG.withMaxHeapMiB(128)))
                .as("whatever its heap")
                .contains(archives().getFirst().toString());
        assertThat(filesOfWorker(CONFIG.withStartArchive(false))).doesNotContain(cache.toString());

        Path jar = Path.of(jarClassPath.split(":")[0]);
        Files.setLastModifiedTime(jar, FileTime.from(Instant.now().plusSeconds(5)));
        assertThat(place().key()).isNotEqualTo(place.key());
        assertThat(filesOfWorker(CONFIG)).doesNotContain(cache.toString());
    }

    @Test
    void anArchiveThatIsGarbageOrCutOffIsNotUsedAndSaysNothing() throws Exception {
        StartArchive.Place place = place();
        Files.createDirectories(cache);
        Path temporary = Files.write(place.folder().temporary(place.key()), new byte[100_000]);
        Path garbage = place.folder().keep(place.key(), temporary, place.format());

        try (LogTrail log = LogTrail.follow("dev.loomscope", Level.INFO)) {
            assertThat(filesOfWorker(CONFIG)).doesNotContain(garbage.toString());
            assertThat(log.messages(Level.WARN)).isEmpty();
            assertThat(log.messages(Level.ERROR)).isEmpty();
        }

        Files.write(garbage, new byte[50_000]);
        assertThat(place.find()).isNull();
        assertThat(filesOfWorker(CONFIG)).doesNotContain(garbage.toString());
    }

    @Test
    void aTaskOutlivesAnArchiveThatNoJvmSurvives() throws Exception {
        StartArchive.Place place = place();
        build(place).run();
        Path archive = archives().getFirst();
        try (RandomAccessFile file = new RandomAccessFile(archive.toFile(), "rw")) {
            file.seek(64 << 10); // its header is as it was
            file.write(new byte[(int) file.length() - (64 << 10)]);
        }

        assertThat(filesOfWorker(CONFIG)).doesNotContain(archive.toString());
        build(place, archive).run();

        assertThat(archives()).isEmpty();
        assertThat(place.folder().hasFailed(place.key())).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"writable by others", "a file", "a link"})
    void aFolderThatIsNotOursAloneIsNotUsed(String what) throws Exception {
        switch (what) {
            case "writable by others" -> {
                Files.createDirectory(cache);
                Files.setPosixFilePermissions(cache, PosixFilePermissions.fromString("rwxrwx---"));
            }
            case "a file" -> Files.createFile(cache);
            default -> Files.createSymbolicLink(cache, Files.createDirectory(folder.resolve("elsewhere")));
        }

        try (LogTrail log = LogTrail.follow("dev.loomscope", Level.INFO)) {
            assertThat(filesOfWorker(CONFIG)).doesNotContain(cache.toString());
            assertThat(log.messages(Level.WARN)).isEmpty();
            assertThat(log.messages(Level.ERROR)).isEmpty();
        }
    }

    @Test
    void aBuildThatFailsIsNotTriedAgainForADay() throws Exception {
        ProcessPoolConfig bad = CONFIG.withJvmOptions("-XX:NoSuchOption=1");
        StartArchive.Place place = place(bad);

        new ArchiveBuild(bad, place, PoolThreads.daemons(), null).run();

        Path mark = cache.resolve(place.key() + ".failed");
        assertThat(names()).containsExactlyInAnyOrder("lock", place.key() + ".failed");
        assertThat(place.folder().hasFailed(place.key())).isTrue();
        Files.setLastModifiedTime(mark, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
        assertThat(place.folder().hasFailed(place.key())).isFalse();
        place.folder().sweep();
        assertThat(names()).containsExactly("lock");
    }

    @ParameterizedTest
    @ValueSource(strings = {"trains", "writes"})
    void aCloseDuringTheBuildLeavesNoProcessAndNoFile(String moment) throws Exception {
        StartArchive.Place place = place();
        ArchiveBuild build = build(place);
        Thread builder = Thread.startVirtualThread(build::run);
        Eventually.becomesTrue(
                "it " + moment,
                BACKGROUND,
                () -> moment.equals("trains")
                        ? !trainees().isEmpty()
                        : names().stream().anyMatch(name -> name.contains(".tmp")));
        List<Long> trainees = trainees();

        build.stop();

        assertThat(builder.join(Duration.ofSeconds(10))).isTrue();
        assertThat(Pids.alive(trainees)).isEmpty();
        assertThat(trainees()).isEmpty();
        assertThat(names()).as("no mark of a failure either").containsExactly("lock");
    }

    @Test
    @Tag("slow") // programs that run for two seconds before they build one
    void twoProgramsThatStartTogetherBuildOneArchive() throws Exception {
        try (PoolOwner one = program();
                PoolOwner other = program()) {
            assertThat(one.readLine()).isEqualTo("true");
            assertThat(other.readLine()).isEqualTo("true");
            Eventually.becomesTrue("it is built", BACKGROUND, () -> !archives().isEmpty());
            Eventually.becomesTrue("nobody builds", BACKGROUND, () -> names().size() == 2);
            assertThat(names()).contains("lock");
        }
        try (PoolOwner third = program()) {
            assertThat(third.readLine()).isEqualTo("true");
            assertThat(Files.readString(Path.of("/proc/" + third.children().getFirst() + "/maps")))
                    .contains(archives().getFirst().toString());
        }
    }

    @Test
    @Tag("slow")
    void noBuilderOutlivesAParentThatIsKilled() throws Exception {
        try (PoolOwner owner = program()) {
            assertThat(owner.readLine()).isEqualTo("true");
            Eventually.becomesTrue(
                    "it writes", BACKGROUND, () -> names().stream().anyMatch(name -> name.contains(".tmp")));
            List<Long> processes = owner.descendants();
            assertThat(processes).hasSizeGreaterThan(1);

            owner.kill();

            Eventually.becomesTrue(
                    "none lives", PROMISE, () -> Pids.alive(processes).isEmpty());
        }
        // The JVM that assembles an archive may just have been started, and writes its file after all.
        ArchiveFolder left = place().folder();
        Eventually.becomesTrue("what it left is swept", () -> {
            left.sweep();
            return names().stream().noneMatch(name -> name.contains(".tmp"));
        });
    }

    private PoolOwner program() throws Exception {
        return PoolOwner.startWithClassPath(
                jarClassPath, "idle", "-D" + ArchiveFolder.PROPERTY + "=" + folder.resolve("cache"));
    }

    @Test
    void theOldestGoWhenThereAreTooManyOrTheyAreTooLarge() throws Exception {
        StartArchive.Place place = place();
        Files.createDirectories(cache);
        Files.createFile(cache.resolve("0-1.tmp")); // of a builder that is no more
        for (int i = 1; i <= ArchiveFolder.MAX_ARCHIVES + 2; i++) {
            age(keep(place, "key" + i, 1000 + i), ArchiveFolder.MAX_ARCHIVES + 2 - i);
        }
        assertThat(archives()).hasSize(ArchiveFolder.MAX_ARCHIVES);
        assertThat(names()).noneMatch(name -> name.startsWith("key1-") || name.startsWith("key2-"));

        Path large = keep(place, "large", ArchiveFolder.MAX_BYTES - 1500);
        assertThat(archives()).as("room for one more").hasSize(2).contains(large);

        place.folder().sweep();
        assertThat(names()).noneMatch(name -> name.endsWith(".tmp"));
    }

    @Test
    void classesInFoldersHaveNone() throws Exception {
        System.setProperty("java.class.path", jarClassPath + ":" + folder);
        assertThat(StartArchive.placeOf(WorkerCommand.arguments(CONFIG, WorkerFolder.createIfPossible()), ours()))
                .isNull();
    }

    @Test
    void itIsWhereTheUserHasItsCaches() {
        Path home = Path.of(System.getProperty("user.home"));
        assertThat(ArchiveFolder.place(null, Map.of("XDG_CACHE_HOME", "/var/me")))
                .isEqualTo(Path.of("/var/me/loom-scope"));
        assertThat(ArchiveFolder.place(null, Map.of("XDG_CACHE_HOME", "relative")))
                .isEqualTo(home.resolve(".cache/loom-scope"));
        assertThat(ArchiveFolder.place(null, Map.of())).isEqualTo(home.resolve(".cache/loom-scope"));
        assertThat(ArchiveFolder.place("", Map.of())).isNull();
    }

    private static Path keep(StartArchive.Place place, String key, long bytes) throws Exception {
        Path file = place.folder().temporary(key);
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(bytes);
        }
        return place.folder().keep(key, file, place.format());
    }

    private static void age(Path archive, int minutes) throws Exception {
        Files.setLastModifiedTime(archive, FileTime.from(Instant.now().minus(Duration.ofMinutes(minutes))));
    }

    private StartArchive.Place place() throws Exception {
        return place(CONFIG);
    }

    private StartArchive.Place place(ProcessPoolConfig config) throws Exception {
        WorkerFolder ours = ours();
        StartArchive.Place place = StartArchive.placeOf(WorkerCommand.arguments(config, ours), ours);
        assertThat(place).isNotNull();
        return place;
    }

    // Something that belongs to this user.
    private WorkerFolder ours() {
        return new WorkerFolder(folder);
    }

    private static ArchiveBuild build(StartArchive.Place place) {
        return build(place, null);
    }

    private static ArchiveBuild build(StartArchive.Place place, Path suspect) {
        return new ArchiveBuild(CONFIG, place, PoolThreads.daemons(), suspect);
    }

    private static String filesOfWorker(ProcessPoolConfig config) throws Exception {
        try (ProcessPool pool = ProcessPool.open(config)) {
            return PoolRun.run(pool, () -> Files.readString(Path.of("/proc/self/maps")));
        }
    }

    private static List<Long> trainees() {
        return ProcessHandle.current()
                .descendants()
                .filter(process -> process.info().command().orElse("").endsWith("java"))
                .map(ProcessHandle::pid)
                .filter(Pids::isAlive)
                .toList();
    }

    private List<Path> archives() throws Exception {
        try (Stream<Path> files = Files.list(cache)) {
            return files.filter(file ->
                            file.toString().endsWith(".aot") || file.toString().endsWith(".jsa"))
                    .toList();
        }
    }

    private List<String> names() throws Exception {
        if (!Files.isDirectory(cache)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(cache)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }
}
