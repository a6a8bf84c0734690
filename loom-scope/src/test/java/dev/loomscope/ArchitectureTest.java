package dev.loomscope;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.Location;
import dev.loomscope.core.Task;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/** The arrows, the public types and the house rules that a compiler does not check. */
class ArchitectureTest {

    private static final JavaClasses CORE = importModuleOf(Task.class);
    private static final JavaClasses SCOPE = importModuleOf(MixedScope.class);

    /** Everything that users can name. A new name here is a promise: think before you add it. */
    private static final Set<String> PUBLIC_TYPES = Set.of(
            "dev.loomscope.core.AmbiguousTaskKindException",
            "dev.loomscope.core.Blocking",
            "dev.loomscope.core.ContextValue",
            "dev.loomscope.core.Cpu",
            "dev.loomscope.core.CpuBackend",
            "dev.loomscope.core.CpuExecution",
            "dev.loomscope.core.CpuOutcome",
            "dev.loomscope.core.CpuRequest",
            "dev.loomscope.core.CurrentTask",
            "dev.loomscope.core.Io",
            "dev.loomscope.core.RunsOn",
            "dev.loomscope.core.Task",
            "dev.loomscope.core.TaskAction",
            "dev.loomscope.core.TaskClassifier",
            "dev.loomscope.core.TaskConsumer",
            "dev.loomscope.core.TaskContext",
            "dev.loomscope.core.TaskFunction",
            "dev.loomscope.core.TaskKind",
            "dev.loomscope.core.TaskNotSerializableException",
            "dev.loomscope.event.EventStream",
            "dev.loomscope.event.ScopeEvent",
            "dev.loomscope.event.ScopeListener",
            "dev.loomscope.process.CodeChangedException",
            "dev.loomscope.process.ProcessPool",
            "dev.loomscope.process.ProcessPoolConfig",
            "dev.loomscope.process.ProcessPoolMXBean",
            "dev.loomscope.process.ProcessPoolStats",
            "dev.loomscope.process.RemoteTaskException",
            "dev.loomscope.process.ResultRejectedException",
            "dev.loomscope.process.WorkerCrashedException",
            "dev.loomscope.process.WorkerLocal",
            "dev.loomscope.process.WorkerOutOfMemoryError",
            "dev.loomscope.process.WorkerStartException",
            "dev.loomscope.CancelHook",
            "dev.loomscope.CancelPolicy",
            "dev.loomscope.CancelReason",
            "dev.loomscope.Completions",
            "dev.loomscope.Deadline",
            "dev.loomscope.DeadlineExceededException",
            "dev.loomscope.Forker",
            "dev.loomscope.Joiner",
            "dev.loomscope.Limiter",
            "dev.loomscope.LimiterDeadlockException",
            "dev.loomscope.LimiterStats",
            "dev.loomscope.LoomScopeServletContainerInitializer",
            "dev.loomscope.MixedScope",
            "dev.loomscope.Progress",
            "dev.loomscope.Readiness",
            "dev.loomscope.ResourceCloseException",
            "dev.loomscope.ScopeConfig",
            "dev.loomscope.ScopeFailedException",
            "dev.loomscope.ScopeSnapshot",
            "dev.loomscope.Shield",
            "dev.loomscope.Started",
            "dev.loomscope.Subtask");

    private static final String OF_SERVLET_CONTAINERS =
            "dev\\.loomscope\\.LoomScopeServletContainerInitializer(\\$.*)?";

    private static JavaClasses importModuleOf(Class<?> type) {
        try {
            URI place = type.getProtectionDomain().getCodeSource().getLocation().toURI();
            return new ClassFileImporter().importLocations(Set.of(Location.of(place)));
        } catch (URISyntaxException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static List<JavaClass> all() {
        return Stream.concat(CORE.stream(), SCOPE.stream()).toList();
    }

    private static Set<String> topLevel(JavaClasses module) {
        return module.stream()
                .filter(type -> !type.getName().contains("$"))
                .map(JavaClass::getName)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> sources(String folder) throws IOException {
        Path root = Path.of(folder);
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .map(file -> root.relativize(file).toString())
                    .map(file ->
                            file.substring(0, file.length() - ".java".length()).replace('/', '.'))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    /** A rule that sees no classes holds always: this one says that the others see all there are. */
    @Test
    void theRulesSeeEveryClassThatHasASource() throws Exception {
        assertThat(topLevel(SCOPE)).hasSizeGreaterThan(25).isEqualTo(sources("src/main/java"));
        assertThat(topLevel(CORE)).hasSizeGreaterThan(50).isEqualTo(sources("../core/src/main/java"));
    }

    @Test
    void inCoreTheArrowsGoFromProcessToEventToCore() {
        noClasses()
                .that()
                .resideInAPackage("dev.loomscope.core..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.loomscope", "dev.loomscope.event..", "dev.loomscope.process..")
                .check(CORE);
        noClasses()
                .that()
                .resideInAPackage("dev.loomscope.event..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.loomscope", "dev.loomscope.process..")
                .check(CORE);
        noClasses()
                .that()
                .resideInAPackage("dev.loomscope.process..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.loomscope")
                .check(CORE);
    }

    @Test
    void coreNeedsNothingButTheJdkSlf4jAndAsm() {
        classes()
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "javax..",
                        "org.slf4j..",
                        "org.objectweb.asm",
                        "org.jspecify.annotations",
                        "dev.loomscope.core",
                        "dev.loomscope.event",
                        "dev.loomscope.process")
                .check(CORE);
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.loomscope.core")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.objectweb.asm")
                .check(CORE);
    }

    @Test
    void theScopeNeedsNothingButCoreTheJdkAndSlf4j() {
        classes()
                .that()
                .doNotHaveFullyQualifiedName(MicrometerContext.class.getName())
                .and()
                .haveNameNotMatching(OF_SERVLET_CONTAINERS)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "org.slf4j..",
                        "org.jspecify.annotations",
                        "dev.loomscope",
                        "dev.loomscope.core",
                        "dev.loomscope.event",
                        "dev.loomscope.process")
                .check(SCOPE);
    }

    @Test
    void oneClassAloneKnowsMicrometerAndOneAloneKnowsIt() {
        Set<String> knowing = SCOPE.stream()
                .filter(type -> type.getDirectDependenciesFromSelf().stream()
                        .anyMatch(to -> to.getTargetClass().getName().startsWith("io.micrometer.")))
                .map(JavaClass::getName)
                .collect(Collectors.toSet());
        assertThat(knowing).containsExactly(MicrometerContext.class.getName());
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName(ForkContext.class.getName())
                .and()
                .doNotHaveFullyQualifiedName(MicrometerContext.class.getName())
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName(MicrometerContext.class.getName())
                .check(SCOPE);
    }

    @Test
    void onlyTheClassForServletContainersKnowsTheServletApiAndNoOtherClassNeedsIt() {
        Set<String> knowing = SCOPE.stream()
                .filter(type -> type.getDirectDependenciesFromSelf().stream()
                        .anyMatch(to -> to.getTargetClass().getName().startsWith("jakarta.")))
                .map(JavaClass::getName)
                .collect(Collectors.toSet());
        assertThat(knowing).isNotEmpty().allMatch(name -> name.matches(OF_SERVLET_CONTAINERS));
        noClasses()
                .that()
                .haveNameNotMatching(OF_SERVLET_CONTAINERS)
                .should()
                .dependOnClassesThat()
                .haveNameMatching(OF_SERVLET_CONTAINERS)
                .check(SCOPE);
    }

    @Test
    void noClassFileNamesAPreviewTypeOfTheJdk() {
        String preview = "java\\.(util\\.concurrent\\.StructuredTaskScope|lang\\.ScopedValue).*";
        noClasses().should().dependOnClassesThat().haveNameMatching(preview).check(CORE);
        noClasses().should().dependOnClassesThat().haveNameMatching(preview).check(SCOPE);
    }

    @Test
    void noPackageIsSplitBetweenTheModules() {
        Set<String> core = CORE.stream().map(JavaClass::getPackageName).collect(Collectors.toSet());
        Set<String> scope = SCOPE.stream().map(JavaClass::getPackageName).collect(Collectors.toSet());
        assertThat(core).containsOnly("dev.loomscope.core", "dev.loomscope.event", "dev.loomscope.process");
        assertThat(scope).containsOnly("dev.loomscope");
    }

    @Test
    void thePublicTypesAreThoseOnTheList() {
        Set<String> found = all().stream()
                .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
                .map(JavaClass::getName)
                .filter(name -> !name.contains("$"))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(found).containsExactlyInAnyOrderElementsOf(PUBLIC_TYPES).hasSizeGreaterThan(40);
    }

    @Test
    void publicClassesAreSealedOrFinal() {
        assertThat(all())
                .filteredOn(type -> PUBLIC_TYPES.contains(type.getName()) && !type.isInterface())
                .isNotEmpty()
                .allMatch(type -> type.getModifiers().contains(JavaModifier.FINAL)
                        || type.reflect().isSealed());
    }

    @Test
    void nothingIsSynchronizedButTheHookThatIsJoined() throws IOException {
        List<String> monitors = new ArrayList<>();
        for (JavaClass type : all()) {
            URI file = type.getSource().orElseThrow().getUri();
            try (InputStream in = file.toURL().openStream()) {
                new ClassReader(in.readAllBytes()).accept(new MonitorFinder(type.getName(), monitors), 0);
            }
        }
        assertThat(monitors)
                .as("monitors pin on JDK 21 to 23: use a ReentrantLock")
                .containsExactly("dev.loomscope.process.ShutdownHook.isJoinedBy"); // Thread.join waits on that monitor
    }

    private static final class MonitorFinder extends ClassVisitor {
        private final String type;
        private final List<String> found;

        MonitorFinder(String type, List<String> found) {
            super(Opcodes.ASM9);
            this.type = type;
            this.found = found;
        }

        @Override
        public MethodVisitor visitMethod(
                int access, String name, String descriptor, String signature, String[] exceptions) {
            if ((access & Opcodes.ACC_SYNCHRONIZED) != 0) {
                found.add(type + "." + name);
            }
            return new MethodVisitor(Opcodes.ASM9) {
                @Override
                public void visitInsn(int opcode) {
                    if (opcode == Opcodes.MONITORENTER) {
                        found.add(type + "." + name);
                    }
                }
            };
        }
    }

    /** Libraries are silent but for their log. In a worker, what tasks print is caught. */
    @Test
    void onlyTheWorkerKnowsSystemOut() {
        Set<String> users = all().stream()
                .flatMap(type -> type.getFieldAccessesFromSelf().stream())
                .filter(access -> access.getTargetOwner().isEquivalentTo(System.class))
                .filter(access ->
                        Set.of("out", "err").contains(access.getTarget().getName()))
                .map(access -> access.getOriginOwner().getName())
                .collect(Collectors.toSet());
        assertThat(users).containsExactly("dev.loomscope.process.WorkerStreams");
    }
}
