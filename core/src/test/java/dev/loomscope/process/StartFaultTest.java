package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ch.qos.logback.classic.Level;
import dev.loomscope.event.ScopeEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/** Workers that cannot be started, or are of no use when they are: what the error says. */
class StartFaultTest {

    @RegisterExtension
    final SystemProperties properties = new SystemProperties();

    @TempDir
    Path folder;

    private final EventTrail events = new EventTrail();
    private LogTrail log;

    @BeforeEach
    void quiet() {
        log = LogTrail.follow("dev.loomscope", Level.DEBUG);
    }

    @AfterEach
    void closeLog() {
        log.close();
    }

    private ProcessPool open(String... jvmOptions) {
        return ProcessPool.open(c ->
                c.withName("starts").withWorkers(1).withJvmOptions(jvmOptions).withListener(events));
    }

    @Test
    void aJdkThatIsGoneIsToldWithItsPlace() {
        properties.set("java.home", folder.resolve("gone"));
        try (ProcessPool pool = open()) {
            assertThat(PoolRun.fail(pool, Work::pid))
                    .isInstanceOf(WorkerStartException.class)
                    .hasMessageContaining("there is no java in " + folder.resolve("gone/bin"))
                    .hasMessageContaining("restart this JVM");

            properties.restore("java.home");
            assertThat(PoolRun.fail(pool, () -> {
                        throw new IllegalStateException("it is back");
                    }))
                    .hasMessage("it is back");
        }
    }

    @Test
    void aJavaThatIsNoProgramIsToldWithItsPlace() throws Exception {
        Path java = Files.createDirectories(folder.resolve("bin")).resolve("java");
        Files.writeString(java, "no program");
        properties.set("java.home", folder);
        try (ProcessPool pool = open()) {
            assertThat(PoolRun.fail(pool, Work::pid))
                    .isInstanceOf(WorkerStartException.class)
                    .hasMessageContaining("\"" + java + "\"");
        }
    }

    @Test
    void aJavaThatIsKilledAtItsStartIsToldWithItsSignalAndWithWhatToLower() throws Exception {
        Path java = Files.createDirectories(folder.resolve("bin")).resolve("java");
        Files.writeString(java, "#!/bin/sh\nkill -KILL $$\n");
        assertThat(java.toFile().setExecutable(true)).isTrue();
        properties.set("java.home", folder);
        try (ProcessPool pool = open()) {
            assertThat(PoolRun.fail(pool, Work::pid))
                    .isInstanceOf(WorkerStartException.class)
                    .hasMessageContaining("exit code 137, SIGKILL")
                    .hasMessageContaining("lower withMaxHeapMiB(512) or withWorkers(1)");
        }
    }

    @Test
    void aJdkThatIsTooOldForOurClassesIsToldAsThat() throws Exception {
        Optional<Path> old = olderJdk();
        assumeTrue(old.isPresent(), "there is no JDK before 21 here");
        properties.set("java.home", old.orElseThrow());
        try (ProcessPool pool = open()) {
            assertThat(PoolRun.fail(pool, Work::pid))
                    .isInstanceOf(WorkerStartException.class)
                    .hasMessageContaining("The java in %s is older than the one that runs here", old.orElseThrow())
                    .hasMessageContaining("UnsupportedClassVersionError");
        }
    }

    private static Optional<Path> olderJdk() throws IOException {
        Path all = Path.of("/usr/lib/jvm");
        if (!Files.isDirectory(all)) {
            return Optional.empty();
        }
        try (Stream<Path> homes = Files.list(all)) {
            return homes.filter(home -> Files.isExecutable(home.resolve("bin/java")))
                    .filter(StartFaultTest::isOlder)
                    .findFirst();
        }
    }

    private static boolean isOlder(Path home) {
        try {
            return Files.readString(home.resolve("release")).contains("JAVA_VERSION=\"17");
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void aWorkerOfAnotherJdkThanThisIsRefusedWithBothVersions() throws Exception {
        putInFront(
                WorkerBootstrap.class,
                PatchedClass.of(WorkerBootstrap.class).inMethod("toHello", out -> new MethodVisitor(Opcodes.ASM9, out) {
                    @Override
                    public void visitMethodInsn(int opcode, String owner, String name, String type, boolean of) {
                        super.visitMethodInsn(opcode, owner, name, type, of);
                        if (name.equals("feature")) {
                            super.visitInsn(Opcodes.POP);
                            super.visitIntInsn(Opcodes.BIPUSH, 99);
                        }
                    }
                }));
        try (ProcessPool pool = open()) {
            assertThat(PoolRun.fail(pool, Work::pid))
                    .isInstanceOf(WorkerStartException.class)
                    .hasMessageContaining(
                            "the worker runs on JDK 99, this JVM on JDK %d",
                            Runtime.version().feature())
                    .hasMessageContaining("restart this JVM");
        }
    }

    @Test
    void aWorkerWhoseHelloIsOfAnotherVersionIsRefusedAtOnceWithBothVersions() throws Exception {
        putInFront(WorkerBootstrap.class, PatchedClass.of(WorkerBootstrap.class).inMethod("toHello", nextVersion()));
        int ours = WorkerBootstrap.PROTOCOL_VERSION;
        try (ProcessPool pool = open()) {
            assertThat(PoolRun.fail(pool, Work::pid))
                    .isInstanceOf(WorkerStartException.class)
                    .hasMessageContaining("the worker speaks protocol %d, this pool %d", ours + 1, ours)
                    .hasMessageContaining("were replaced while this JVM ran");
        }
    }

    @Test
    void aWorkerThatExpectsAnotherVersionSaysSoAndItsWordsAreInTheError() throws Exception {
        putInFront(WorkerBootstrap.class, PatchedClass.of(WorkerBootstrap.class).inMethod("readFrom", nextVersion()));
        int ours = WorkerBootstrap.PROTOCOL_VERSION;
        try (ProcessPool pool = open()) {
            assertThat(PoolRun.fail(pool, Work::pid))
                    .isInstanceOf(WorkerStartException.class)
                    .hasMessageContaining("a worker of protocol %d was started by something else", ours + 1)
                    .hasMessageContaining("protocol %d); if that is loom-scope, its classes were replaced", ours);
        }
    }

    private static PatchedClass.Change nextVersion() {
        return out -> new MethodVisitor(Opcodes.ASM9, out) {
            @Override
            public void visitIntInsn(int opcode, int operand) {
                boolean version = opcode == Opcodes.BIPUSH && operand == WorkerBootstrap.PROTOCOL_VERSION;
                super.visitIntInsn(opcode, version ? operand + 1 : operand);
            }
        };
    }

    @Test
    void aHeapThatTheMachineDoesNotHaveIsToldAsThat() {
        try (ProcessPool pool = ProcessPool.open(c -> c.withName("huge")
                .withWorkers(1)
                .withMaxHeapMiB(Integer.MAX_VALUE)
                .withMemoryBudgetMiB(Integer.MAX_VALUE))) {
            assertThat(PoolRun.fail(pool, Work::pid))
                    .isInstanceOf(WorkerStartException.class)
                    .hasMessageContaining("lower withMaxHeapMiB(2147483647) or withWorkers(1)")
                    .message()
                    .containsPattern("(?i)object heap|maximum representable size");
        }
    }

    @Test
    void aClassPathWithoutLoomScopeIsToldWithThePlaceThatThisJvmHasItFrom() {
        properties.set("java.class.path", folder);
        try (ProcessPool pool = open()) {
            assertThat(PoolRun.fail(pool, Work::pid))
                    .isInstanceOf(WorkerStartException.class)
                    .hasMessageContaining("The classes of loom-scope are not where a new JVM looks")
                    .hasMessageContaining(String.valueOf(WorkerMain.class
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()));
        }
    }

    @Test
    void anOptionThatThePlatformCannotWriteIsToldWithItsLetters() throws Exception {
        TinyApp app = new TinyApp(folder);
        Path classes = app.compile(
                "classes",
                Map.of(
                        "app/Main.java",
                        TinyApp.source("\"started\"")
                                .replace(
                                        "c.withWorkers(1)",
                                        "c.withWorkers(1).withJvmOptions(\"-Dname=\" + \"x\".repeat(100) + \"n\\u00e9\")")));

        String output = app.run(
                Map.of("LC_ALL", "C"),
                TinyApp.javaCommand("-Dstdout.encoding=UTF-8", "-cp", TinyApp.classPath(classes), "app.Main"));

        assertThat(TinyApp.said(output).getFirst())
                .contains("the encoding of this platform, cannot write the argument '...xxx")
                .contains("xné' of its JVM")
                .contains("LC_ALL=C.UTF-8");
    }

    @Test
    void tasksOfWorkersThatCrashAsSoonAsTheyAreReadyFailWithTheLastCause() throws Exception {
        crashWhenReady();
        try (ProcessPool pool =
                ProcessPool.open(c -> c.withName("starts").withWorkers(2).withListener(events))) {
            List<PoolRun<Long>> runs = IntStream.range(0, 30)
                    .mapToObj(i -> PoolRun.start(pool, Work::pid))
                    .toList();

            List<Throwable> failures = runs.stream().map(PoolRun::failure).toList();

            assertThat(failures)
                    .allSatisfy(failure -> assertThat(failure)
                            .isInstanceOfAny(WorkerStartException.class, WorkerCrashedException.class)
                            .hasMessageContaining("exit code 7"));
            assertThat(failures)
                    .filteredOn(WorkerStartException.class::isInstance)
                    .hasSizeGreaterThan(20)
                    .allSatisfy(failure -> assertThat(failure)
                            .message()
                            .containsPattern("^\\d starts have failed within \\d+ ms, the last one so: worker w\\d")
                            .contains("soon after its start, before any task began in it"));
            assertThat(events.of(ScopeEvent.WorkerStarted.class)).hasSizeLessThan(10);

            properties.restore("java.class.path");
            assertThat(PoolRun.run(pool, Work::pid)).isPositive();
        }
    }

    @Test
    void aWorkerThatCrashesWhileItIsIdleBeforeItWasOfUseIsNotReplacedAgainAndAgain() throws Exception {
        try (ProcessPool pool = open()) {
            long first = PoolRun.run(pool, Work::pid);
            crashWhenReady();
            Pids.signal("KILL", first);
            events.await(ScopeEvent.WorkerCrashed.class, first);
            Eventually.becomesTrue(
                    "its replacement has crashed, too",
                    () -> events.of(ScopeEvent.WorkerCrashed.class).size() == 2);

            assertThat(pool.toString()).contains("0 of 1 workers, 0 starting");
            properties.restore("java.class.path");
            assertThat(PoolRun.start(pool, Work::pid).runner()).startsWith("w3 ");
        }
    }

    @Test
    void aWorkerThatCannotRunATaskOfOursSaysSoBeforeItGetsOneOfUsers() throws Exception {
        putInFront(
                SimpleValue.class,
                PatchedClass.of(SimpleValue.class).inMethod("encode", out -> new MethodVisitor(Opcodes.ASM9, out) {
                    @Override
                    public void visitCode() {
                        super.visitCode();
                        visitInsn(Opcodes.ACONST_NULL);
                        visitMethodInsn(
                                Opcodes.INVOKESTATIC,
                                "java/util/Objects",
                                "requireNonNull",
                                "(Ljava/lang/Object;)Ljava/lang/Object;",
                                false);
                        visitInsn(Opcodes.POP);
                    }
                }));
        try (ProcessPool pool = open()) {
            assertThat(PoolRun.fail(pool, Work::pid))
                    .isInstanceOf(WorkerStartException.class)
                    .hasMessageContaining("the warm-up task of a worker failed")
                    .hasMessageContaining("NullPointerException");
        }
    }

    private void crashWhenReady() throws IOException {
        putInFront(
                WorkerSession.class,
                PatchedClass.of(WorkerSession.class).inMethod("serve", out -> new MethodVisitor(Opcodes.ASM9, out) {
                    @Override
                    public void visitCode() {
                        super.visitCode();
                        visitMethodInsn(
                                Opcodes.INVOKESTATIC,
                                "java/lang/Runtime",
                                "getRuntime",
                                "()Ljava/lang/Runtime;",
                                false);
                        visitIntInsn(Opcodes.BIPUSH, 7);
                        visitMethodInsn(Opcodes.INVOKEVIRTUAL, "java/lang/Runtime", "halt", "(I)V", false);
                    }
                }));
    }

    // What a deployment does that replaces a jar under a JVM that runs.
    private void putInFront(Class<?> type, byte[] bytes) throws IOException {
        Path file = folder.resolve(type.getName().replace('.', '/') + ".class");
        Files.createDirectories(file.getParent());
        Files.write(file, bytes);
        properties.set("java.class.path", folder + ":" + System.getProperty("java.class.path"));
    }
}
