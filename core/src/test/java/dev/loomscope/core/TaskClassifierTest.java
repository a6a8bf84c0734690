package dev.loomscope.core;

import static dev.loomscope.core.TaskKind.BLOCKING;
import static dev.loomscope.core.TaskKind.CPU;
import static dev.loomscope.core.TaskKind.IO;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.sun.management.ThreadMXBean;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.Opcodes;
import org.slf4j.LoggerFactory;

class TaskClassifierTest {

    @Nested
    class AMethodReference {

        @Test
        void toAStaticMethodHasTheKindOfThatMethod() {
            assertThat(task(Work::crunch)).isEqualTo(CPU);
            assertThat(task(Work::scan)).isEqualTo(BLOCKING);
            assertThat(task(Work::fetch)).isEqualTo(IO);
            assertThat(task(Work::plain)).isEqualTo(IO);
        }

        @Test
        void isJudgedAlikeInAllFourFunctionalTypes() {
            assertThat(action(Work::crunch)).isEqualTo(CPU);
            assertThat(function(Work::crunchOf)).isEqualTo(CPU);
            assertThat(consumer(Work::crunchOf)).isEqualTo(CPU);
        }

        @Test
        void toABoundReceiverHasTheKindOfTheMethod() {
            var dao = new SilentDao();
            assertThat(task(dao::ownQuery)).isEqualTo(BLOCKING);
            assertThat(task(new SilentDao()::ownQuery)).isEqualTo(BLOCKING);
        }

        @Test
        void toAnUnboundReceiverHasTheKindOfTheMethod() {
            assertThat(TaskClassifier.kindOf((TaskFunction<SilentDao, String>) SilentDao::ownQuery))
                    .isEqualTo(BLOCKING);
        }

        @Test
        void toAPrivateMethodOfThisHasItsKind() {
            assertThat(task(this::hidden)).isEqualTo(CPU);
        }

        @Cpu
        private int hidden() {
            return 1;
        }

        @Test
        void toAGenericMethodHasItsKind() {
            assertThat(TaskClassifier.kindOf((TaskFunction<List<String>, String>) Work::first))
                    .isEqualTo(CPU);
        }

        @Test
        void toAVarargsMethodHasItsKindThoughJavacMakesItALambda() {
            assertThat(TaskClassifier.kindOf((TaskFunction<Integer, Integer>) Work::sum))
                    .isEqualTo(CPU);
        }

        @Test
        void toAMethodOfSuperHasTheKindOfTheInheritedOne() {
            assertThat(TaskClassifier.kindOf(new LoudDao().inherited())).isEqualTo(BLOCKING);
        }

        @Test
        void toAnOverloadedMethodHasTheKindOfTheOneThatFits() {
            assertThat(TaskClassifier.kindOf((TaskFunction<String, String>) Overloads::of))
                    .isEqualTo(CPU);
            assertThat(TaskClassifier.kindOf((TaskFunction<Integer, String>) Overloads::of))
                    .isEqualTo(BLOCKING);
        }

        @Test
        void toASilentOverrideHasTheKindOfTheOverriddenMethod() {
            assertThat(task(new SilentDao()::query)).isEqualTo(BLOCKING);
        }

        @Test
        void toAnOverrideThatSaysItsKindHasThat() {
            assertThat(task(new LoudDao()::query)).isEqualTo(CPU);
        }

        @Test
        void toAnImplementationHasTheKindThatTheInterfaceSays() {
            assertThat(task(new SiteClient()::download)).isEqualTo(BLOCKING);
        }

        @Test
        void toAnInterfaceMethodOrItsDefaultHasItsKind() {
            Site site = new SiteClient();
            assertThat(task(site::download)).isEqualTo(BLOCKING);
            assertThat(task(site::render)).isEqualTo(CPU);
            assertThat(task(new SiteClient()::render)).isEqualTo(CPU);
        }

        @Test
        void asksSuperclassesBeforeInterfaces() {
            assertThat(task(new SiteOfDao()::query)).isEqualTo(BLOCKING);
        }

        @Test
        void toAnImplementationWithNarrowerTypesHasTheKindThatTheGenericInterfaceSays() {
            var repository = new UserRepository();
            assertThat(TaskClassifier.kindOf((TaskFunction<UserId, User>) repository::load))
                    .isEqualTo(BLOCKING);
        }

        @Test
        void toAnOverloadThatImplementsNothingDoesNotHaveTheKindOfItsNamesake() {
            var repository = new UserRepository();
            assertThat(TaskClassifier.kindOf((TaskFunction<String, User>) repository::load))
                    .isEqualTo(IO);
        }

        @Test
        void toAStaticMethodDoesNotHaveTheKindOfTheOneThatItHides() {
            assertThat(task(HidingChild::load)).isEqualTo(IO);
            assertThat(task(SilentChild::load)).isEqualTo(CPU);
        }

        @Test
        void doesNotHaveTheKindOfAStaticMethodOfAnInterface() {
            assertThat(task(new StaticNamesake()::convert)).isEqualTo(IO);
        }

        @Test
        void doesNotHaveTheKindOfAPrivateMethodOfTheSuperclass() {
            assertThat(task(new HidingChild()::secret)).isEqualTo(IO);
        }

        @Test
        void ofAClassThatSaysItsKindHasThatUnlessTheMethodSaysAnother() {
            assertThat(task(CpuWork::silent)).isEqualTo(CPU);
            assertThat(task(CpuWork::fetch)).isEqualTo(IO);
        }

        @Test
        void countsTheClassThatDeclaresTheMethodAndItsSupertypes() {
            assertThat(task(new SubclassOfCpuWork()::own)).isEqualTo(CPU);
            assertThat(task(new ImplementsCpuPart()::part)).isEqualTo(CPU);
            assertThat(task(new CpuChildOfPlain()::inherited)).isEqualTo(IO);
        }

        @Test
        void toAConstructorHasTheKindOfItsClass() {
            assertThat(task(CpuWork::new)).isEqualTo(CPU);
            assertThat(task(Work::new)).isEqualTo(IO);
        }

        @Test
        void toAnArrayConstructorIsIo() {
            assertThat(TaskClassifier.kindOf((TaskFunction<Integer, CpuWork[]>) CpuWork[]::new))
                    .isEqualTo(IO);
        }

        @Test
        void toAMethodThatSomebodyCalledLikeALambdaIsStillOne() {
            assertThat(task(Work::lambda$named)).isEqualTo(CPU);
        }

        @Test
        void toAMethodOfTheJdkIsIo() {
            assertThat(task("x"::length)).isEqualTo(IO);
        }
    }

    @Nested
    class ALambda {

        @Test
        void hasTheKindOfTheOneAnnotatedMethodThatItCalls() {
            assertThat(task(() -> Work.plain() + Work.crunch() + "x".length())).isEqualTo(CPU);
            assertThat(action(() -> Work.crunch())).isEqualTo(CPU);
            assertThat(function(n -> Work.crunchOf(n))).isEqualTo(CPU);
        }

        @Test
        void thatCallsNothingAnnotatedIsIo() {
            assertThat(task(() -> 42)).isEqualTo(IO);
            assertThat(task(() -> Work.plain())).isEqualTo(IO);
            assertThat(action(() -> {})).isEqualTo(IO);
        }

        @Test
        void mayCallSeveralMethodsOfOneKind() {
            assertThat(task(() -> Work.crunch() + Work.sum(1, 2) + Work.crunchOf(3)))
                    .isEqualTo(CPU);
        }

        @Test
        void findsStaticPrivateVirtualInterfaceAndSuperCalls() {
            Site site = new SiteClient();
            var dao = new SilentDao();
            assertThat(task(() -> secretScan())).isEqualTo(BLOCKING);
            assertThat(task(() -> secretStaticCrunch())).isEqualTo(CPU);
            assertThat(task(() -> dao.ownQuery())).isEqualTo(BLOCKING);
            assertThat(task(() -> site.render())).isEqualTo(CPU);
            assertThat(TaskClassifier.kindOf(new LoudDao().inheritedByLambda())).isEqualTo(BLOCKING);
        }

        @Blocking
        private String secretScan() {
            return "";
        }

        @Cpu
        private static String secretStaticCrunch() {
            return "";
        }

        @Test
        void findsCallsInAllBranchesOfItsBody() {
            boolean never = System.nanoTime() == 0;
            assertThat(task(() -> {
                        try {
                            return never ? Work.plain() : 0;
                        } finally {
                            for (int i = 0; i < 2; i++) {
                                Work.crunch();
                            }
                        }
                    }))
                    .isEqualTo(CPU);
        }

        @Test
        void findsAnOverriddenMethodsKind() {
            var dao = new SilentDao();
            var repository = new UserRepository();
            assertThat(task(() -> dao.query())).isEqualTo(BLOCKING);
            assertThat(task(() -> repository.load(new UserId(1)))).isEqualTo(BLOCKING);
            assertThat(task(() -> repository.load("1"))).isEqualTo(IO);
        }

        /** A method reference does not: the JDK tells us the class that declares the method, not the one named. */
        @Test
        void findsTheKindOfAnInterfaceThatAnInheritedMethodImplements() {
            var sink = new InheritingSink();
            assertThat(consumer(n -> sink.put(new User(n)))).isEqualTo(CPU);
        }

        @Test
        void doesNotCountWhatALambdaInsideItCalls() {
            assertThat(task(() -> Stream.of(1).map(n -> Work.crunchOf(n)).toList()))
                    .isEqualTo(IO);
            assertThat(task(() -> Stream.of(1).map(Work::crunchOf).toList())).isEqualTo(IO);
        }

        @Test
        void insideALambdaIsJudgedByItsOwnBody() {
            Supplier<Task<Integer>> outer = () -> {
                Work.scan();
                return () -> Work.crunch();
            };
            assertThat(TaskClassifier.kindOf(outer.get())).isEqualTo(CPU);
        }

        @Test
        void mayStandInAStaticInitializerAnInterfaceARecordOrAnEnum() {
            assertThat(TaskClassifier.kindOf(Places.IN_STATIC_INITIALIZER)).isEqualTo(CPU);
            assertThat(TaskClassifier.kindOf(InInterface.FIELD)).isEqualTo(CPU);
            assertThat(TaskClassifier.kindOf(new InInterface() {}.inDefault())).isEqualTo(CPU);
            assertThat(TaskClassifier.kindOf(new InRecord(1).task())).isEqualTo(CPU);
            assertThat(TaskClassifier.kindOf(InEnum.ONE.task)).isEqualTo(CPU);
        }

        @Test
        void hasTheKindOfTheClassOfItsCalleeIfNoMethodSaysOne() {
            assertThat(task(() -> CpuWork.silent() + Work.plain())).isEqualTo(CPU);
            assertThat(task(() -> new SubclassOfCpuWork().own())).isEqualTo(CPU);
        }

        @Test
        void asksAllMethodsBeforeAnyClass() {
            assertThat(task(() -> CpuWork.silent() + Work.scan())).isEqualTo(BLOCKING);
            assertThat(task(() -> CpuWork.fetch())).isEqualTo(IO);
        }

        @Test
        void doesNotHaveTheKindOfAClassThatItOnlyConstructs() {
            assertThat(task(() -> new CpuWork())).isEqualTo(IO);
        }

        @Test
        void thatIsAPlainCallableIsIo() {
            Callable<Integer> lambda = () -> Work.crunch();
            Callable<Integer> reference = Work::crunch;
            assertThat(TaskClassifier.kindOf(lambda)).isEqualTo(IO);
            assertThat(TaskClassifier.kindOf(reference)).isEqualTo(IO);
        }

        @Test
        void hasTheKindOfItsFunctionalInterfaceIfItsCodeSaysNone() {
            CpuTask<Integer> silent = () -> 42;
            CpuTask<Integer> scanning = () -> Work.scan();
            assertThat(TaskClassifier.kindOf(silent)).isEqualTo(CPU);
            assertThat(TaskClassifier.kindOf(scanning)).isEqualTo(BLOCKING);
        }

        @Test
        void isNeverSerializedBeyondItself() {
            var captured = new SerializationBomb();
            var unserializable = new Object();
            assertThat(task(() -> Work.crunch() + captured.hashCode() + unserializable.hashCode()))
                    .isEqualTo(CPU);
            assertThat(task(captured::crunch)).isEqualTo(CPU);
        }
    }

    @Nested
    class ATaskObject {

        @Test
        void hasTheKindOfTheMethodThatRunsIt() {
            assertThat(TaskClassifier.kindOf(new CallSaysCpu())).isEqualTo(CPU);
            assertThat(TaskClassifier.kindOf(new RunSaysBlocking())).isEqualTo(BLOCKING);
            assertThat(TaskClassifier.kindOf(new ApplySaysCpu(3))).isEqualTo(CPU);
            assertThat(TaskClassifier.kindOf(new AcceptSaysCpu())).isEqualTo(CPU);
        }

        @Test
        void mayBeAnonymousOrAnEnumConstantOrAPlainCallable() {
            assertThat(TaskClassifier.kindOf(new Task<Integer>() {
                        @Override
                        @Cpu
                        public Integer call() {
                            return 1;
                        }
                    }))
                    .isEqualTo(CPU);
            assertThat(TaskClassifier.kindOf(Step.CRUNCH)).isEqualTo(CPU);
            assertThat(TaskClassifier.kindOf(Step.WAIT)).isEqualTo(IO);
            assertThat(TaskClassifier.kindOf(new CallableSaysCpu())).isEqualTo(CPU);
        }

        @Test
        void inheritsTheKindOfAnOverriddenMethod() {
            assertThat(TaskClassifier.kindOf(new OverridesCall())).isEqualTo(CPU);
            assertThat(TaskClassifier.kindOf(new ImplementsReportTask())).isEqualTo(CPU);
        }

        @Test
        void hasTheKindOfItsClassOrASupertypeOfIt() {
            assertThat(TaskClassifier.kindOf(new CpuRecord())).isEqualTo(CPU);
            assertThat(TaskClassifier.kindOf(new ExtendsBlockingTask())).isEqualTo(BLOCKING);
            assertThat(TaskClassifier.kindOf(new ImplementsCpuTask())).isEqualTo(CPU);
        }

        @Test
        void asksItsMethodBeforeItsClass() {
            assertThat(TaskClassifier.kindOf(new CpuClassWithIoCall())).isEqualTo(IO);
        }

        @Test
        void asksItsOwnClassBeforeItsSupertypes() {
            assertThat(TaskClassifier.kindOf(new IoChildOfBlockingTask())).isEqualTo(IO);
        }

        @Test
        void withoutAnyAnnotationIsIo() {
            assertThat(TaskClassifier.kindOf(new PlainTask())).isEqualTo(IO);
            assertThat(TaskClassifier.kindOf(Executors.callable(() -> {}))).isEqualTo(IO);
        }

        @Test
        void isNotJudgedByWhatItsBodyCalls() {
            assertThat(TaskClassifier.kindOf(new PlainTask())).isEqualTo(IO);
        }

        @Test
        void isJudgedThoughItsOwnSerializationThrows() {
            assertThat(TaskClassifier.kindOf(new ThrowingWriteReplace())).isEqualTo(CPU);
            assertThat(ThrowingWriteReplace.called).isFalse();
        }

        @Test
        void thatIsAProxyHasTheKindOfItsInterfaceElseIo() throws Exception {
            var handle = MethodHandles.lookup().findStatic(Work.class, "crunch", MethodType.methodType(int.class));
            Object ofHandle = MethodHandleProxies.asInterfaceInstance(
                    TaskAction.class, handle.asType(MethodType.methodType(void.class)));
            assertThat(TaskClassifier.kindOf(ofHandle)).isEqualTo(IO);
            assertThat(TaskClassifier.kindOf(proxy(TaskAction.class))).isEqualTo(IO);
            assertThat(TaskClassifier.kindOf(proxy(CpuTask.class))).isEqualTo(CPU);
        }

        private static Object proxy(Class<?> type) {
            return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, arguments) -> 1);
        }

        @Test
        void thatAdaptsOtherCodeHasTheKindOfThatCode() {
            assertThat(TaskClassifier.kindOf(Task.of(Work::crunchOf, 3))).isEqualTo(CPU);
            assertThat(TaskClassifier.kindOf(Task.of(new ApplySaysCpu(1), 3))).isEqualTo(CPU);
            assertThat(TaskClassifier.kindOf(Task.of((TaskConsumer<Integer>) n -> Work.crunchOf(n), 3)))
                    .isEqualTo(CPU);
            assertThat(TaskClassifier.kindOf(Task.of((TaskAction) Work::scan))).isEqualTo(BLOCKING);
            assertThat(TaskClassifier.kindOf(Task.of((TaskAction) Task.of((TaskAction) Work::scan))))
                    .isEqualTo(BLOCKING);
            assertThat(TaskClassifier.kindOf(Task.of((TaskAction) Work::plain))).isEqualTo(IO);
        }
    }

    @Nested
    class AnAnnotation {

        @Test
        void mayBeRunsOnItself() {
            assertThat(task(Work::direct)).isEqualTo(BLOCKING);
        }

        @Test
        void mayBeComposedByTheUser() {
            assertThat(task(Work::heavy)).isEqualTo(CPU);
            assertThat(TaskClassifier.kindOf(new HeavyTask())).isEqualTo(CPU);
        }

        @Test
        void mayBeComposedOfAComposedOne() {
            assertThat(task(Work::veryHeavy)).isEqualTo(CPU);
        }

        @Test
        void mayBeRepeatedByAnotherOfTheSameKind() {
            assertThat(task(Work::heavyTwice)).isEqualTo(CPU);
        }
    }

    @Nested
    class AContradiction {

        @Test
        void ofTwoCalleesNamesBothTheCallSiteAndTheWayOut() {
            int line = new Throwable().getStackTrace()[0].getLineNumber() + 1;
            Task<Integer> torn = () -> Work.fetch() + Work.crunchOf(Work.plain());
            assertThatThrownBy(() -> TaskClassifier.kindOf(torn))
                    .isInstanceOf(AmbiguousTaskKindException.class)
                    .hasMessage(
                            "the lambda in %s (line %d) is of 2 kinds:".formatted(AContradiction.class.getName(), line)
                                    + " %1$s.fetch() is IO (@Io), %1$s.crunchOf(int) is CPU (@Cpu)."
                                            .formatted(Work.class.getName())
                                    + " Pass the kind that it shall run as, scope.fork(TaskKind.CPU, ...),"
                                    + " or split it into one task per kind.");
        }

        @Test
        void ofInheritedAndDirectKindsSaysWhoSaysSo() {
            var client = new SiteClient();
            assertThatThrownBy(() -> task(() -> client.download() + CpuWork.silent() + Work.crunch()))
                    .hasMessageContaining("%s.download() is BLOCKING (@Blocking on %s.download)"
                            .formatted(SiteClient.class.getName(), Site.class.getName()))
                    .hasMessageContaining("%s.crunch() is CPU (@Cpu)".formatted(Work.class.getName()));
        }

        @Test
        void ofAllThreeKindsNamesAllThree() {
            assertThatThrownBy(() -> task(() -> Work.fetch() + Work.scan() + Work.crunch()))
                    .hasMessageContaining("is of 3 kinds")
                    .hasMessageContaining("fetch() is IO")
                    .hasMessageContaining("scan() is BLOCKING")
                    .hasMessageContaining("crunch() is CPU");
        }

        @Test
        void namesTheFirstMethodOfEachKind() {
            assertThatThrownBy(() -> task(() -> Work.crunch() + Work.fetch() + Work.sum(1, 2)))
                    .hasMessageContaining("crunch() is CPU")
                    .hasMessageNotContaining("sum");
        }

        @Test
        void ofTwoClassesOfCalleesNamesTheMethodsAndTheirClasses() {
            assertThatThrownBy(() -> task(() -> CpuWork.silent() + BlockingWork.silent()))
                    .isInstanceOf(AmbiguousTaskKindException.class)
                    .hasMessageContaining("%1$s.silent() is CPU (@Cpu on %1$s)".formatted(CpuWork.class.getName()))
                    .hasMessageContaining(
                            "%1$s.silent() is BLOCKING (@Blocking on %1$s)".formatted(BlockingWork.class.getName()));
        }

        @Test
        void onOneMethodNamesBothAnnotations() {
            assertThatThrownBy(() -> task(Work::torn))
                    .isInstanceOf(AmbiguousTaskKindException.class)
                    .hasMessage(("%s.torn() is annotated with 2 kinds: IO (@Io), CPU (@Heavy);"
                                    + " found for the method reference in %s."
                                    + " Keep one annotation, or pass the kind: scope.fork(TaskKind.CPU, ...).")
                            .formatted(Work.class.getName(), AContradiction.class.getName()));
            assertThatThrownBy(() -> task(() -> Work.torn())).hasMessageContaining("torn() is annotated with 2 kinds");
        }

        @Test
        void onOneClassNamesBothAnnotations() {
            assertThatThrownBy(() -> TaskClassifier.kindOf(new TornTask()))
                    .isInstanceOf(AmbiguousTaskKindException.class)
                    .hasMessageStartingWith("%s is annotated with 2 kinds: IO (@RunsOn(IO)), BLOCKING (@Blocking)"
                            .formatted(TornTask.class.getName()));
        }

        @Test
        void ofTwoMethodsByWhichATaskObjectMayRunIsOneToo() {
            assertThatThrownBy(() -> TaskClassifier.kindOf(new CallAndApply()))
                    .isInstanceOf(AmbiguousTaskKindException.class)
                    .hasMessageContaining("CallAndApply.call() is IO (@Io)")
                    .hasMessageContaining("CallAndApply.apply(Object) is CPU (@Cpu)");
        }

        @Test
        void isThrownAfreshEachTime() {
            Task<Integer> torn = () -> Work.fetch() + Work.crunch();
            var first = catchThrowableOfType(AmbiguousTaskKindException.class, () -> TaskClassifier.kindOf(torn));
            var second = catchThrowableOfType(AmbiguousTaskKindException.class, () -> TaskClassifier.kindOf(torn));
            assertThat(second).isNotSameAs(first).hasMessage(first.getMessage());
            assertThat(second.getStackTrace()).isNotEqualTo(first.getStackTrace());
        }
    }

    @Nested
    class TheAnswer {

        @Test
        void isFoundByManyThreadsAtOnceForFreshCallSites() throws Exception {
            List<Task<Integer>> tasks = List.of(
                    () -> Work.crunch(),
                    Work::crunch,
                    () -> Work.scan(),
                    Work::scan,
                    () -> Work.plain(),
                    () -> Work.fetch() + Work.crunch(),
                    new CallSaysCpu());
            List<String> expected = List.of("CPU", "CPU", "BLOCKING", "BLOCKING", "IO", "ambiguous", "CPU");
            int threads = 32;
            var start = new CyclicBarrier(threads);
            try (var executor =
                    Executors.newThreadPerTaskExecutor(Thread.ofPlatform().factory())) {
                var answers = new ArrayList<Future<List<String>>>();
                for (int i = 0; i < threads; i++) {
                    answers.add(executor.submit(() -> {
                        start.await();
                        return tasks.stream().map(TheAnswer::describe).toList();
                    }));
                }
                for (Future<List<String>> answer : answers) {
                    assertThat(answer.get()).isEqualTo(expected);
                }
            }
        }

        private static String describe(Task<?> task) {
            try {
                return TaskClassifier.kindOf(task).name();
            } catch (AmbiguousTaskKindException e) {
                return "ambiguous";
            }
        }

        @Test
        void isTheSameForEachInstanceOfOneCallSite() {
            for (int i = 0; i < 3; i++) {
                int captured = i;
                assertThat(task(() -> Work.crunchOf(captured))).isEqualTo(CPU);
            }
        }

        @Test
        void costsNoAllocationOnceItIsKnown() {
            Task<Integer> lambda = () -> Work.crunch();
            Task<Integer> adapted = Task.of(Work::crunchOf, 3);
            classifyOften(lambda, adapted); // also compiles it
            var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long before = threads.getCurrentThreadAllocatedBytes();
            int calls = classifyOften(lambda, adapted);
            assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(calls);
        }

        private static int classifyOften(Task<?> one, Task<?> other) {
            int cpu = 0;
            for (int i = 0; i < 50_000; i++) {
                cpu += TaskClassifier.kindOf(one) == CPU ? 1 : 0;
                cpu += TaskClassifier.kindOf(other) == CPU ? 1 : 0;
            }
            assertThat(cpu).isEqualTo(100_000);
            return cpu;
        }
    }

    @Nested
    class AClassFile {
        private static final byte[] OF_JAVA_21 = {
            (byte) 0xca, (byte) 0xfe, (byte) 0xba, (byte) 0xbe, (byte) 0xff, (byte) 0xff, 0, 65, 0, 1
        };

        @Test
        void thatAsmKnowsIsLeftAlone() {
            assertThat(MethodCalls.readable(OF_JAVA_21)).isSameAs(OF_JAVA_21);
        }

        @Test
        void ofANewerJdkClaimsToBeOfJava21() {
            for (int major : new int[] {66, 71, 255, 256, 65_535}) {
                byte[] newer = withMajorVersion(OF_JAVA_21, major);
                byte[] original = newer.clone();
                assertThat(MethodCalls.readable(newer)).isEqualTo(OF_JAVA_21);
                assertThat(newer).isEqualTo(original);
            }
        }

        @Test
        void ofANewerJdkIsReadThoughAsmRefusesIt() throws IOException {
            byte[] newer;
            try (InputStream in = TaskClassifierTest.class.getResourceAsStream("TaskClassifierTest$Work.class")) {
                newer = withMajorVersion(in.readAllBytes(), 200);
            }
            assertThatThrownBy(() -> new ClassReader(newer)).isInstanceOf(IllegalArgumentException.class);
            assertThat(new ClassReader(MethodCalls.readable(newer)).readShort(6))
                    .isEqualTo((short) Opcodes.V21);
        }
    }

    /** Code compiled by the test, so that its loader can hide classes, count look-ups and be thrown away. */
    @Nested
    class ForeignCode {
        private static final String WORK = """
                package gen;
                import dev.loomscope.core.*;
                public class Work {
                    @Cpu public static int crunch() { return 1; }
                    @Blocking public static int scan() { return 1; }
                }
                """;
        private static final String GONE =
                "package gen; import dev.loomscope.core.*; public class Gone { @Blocking static int fetch() { return 1; } }";

        @TempDir
        Path folder;

        @Test
        void withACalleeThatIsMissingAtRunTimeIsJudgedByItsOtherCallees() {
            var loader = compile(taskIs("() -> Gone.fetch() + Work.crunch()"), WORK, GONE);
            assertThat(TaskClassifier.kindOf(loader.without("gen.Gone").task())).isEqualTo(CPU);
        }

        @Test
        void withACalleeThatCannotBeLinkedIsJudgedByItsOtherCallees() {
            var optional = "package gen; import dev.loomscope.core.*;"
                    + " class Half { @Blocking static int scan() { return 1; } void tell(Gone gone) {} }";
            var loader = compile(taskIs("() -> Half.scan() + Work.crunch()"), WORK, GONE, optional);
            assertThat(TaskClassifier.kindOf(loader.without("gen.Gone").task())).isEqualTo(CPU);
        }

        @Test
        void withATaskClassThatCannotBeLinkedHasTheKindOfThatClass() {
            var half = "package gen; import dev.loomscope.core.*;"
                    + " @Cpu class Half implements Task<Integer> {"
                    + " public Integer call() { return 1; } void tell(Gone gone) {} }";
            var loader = compile(taskIs("new Half()"), WORK, GONE, half);
            assertThat(TaskClassifier.kindOf(loader.without("gen.Gone").task())).isEqualTo(CPU);
        }

        @Test
        void withAnAnnotationThatIsMissingAtRunTimeIsIo() {
            var annotated = """
                    package gen;
                    import dev.loomscope.core.*;
                    class Annotated {
                        @Gone static int crunch() { return 1; }
                        @java.lang.annotation.Retention(java.lang.annotation.RetentionPolicy.RUNTIME)
                        @Cpu @interface Gone {}
                    }
                    """;
            assertThat(TaskClassifier.kindOf(
                            compile(taskIs("Annotated::crunch"), annotated).task()))
                    .isEqualTo(CPU);
            assertThat(TaskClassifier.kindOf(compile(taskIs("Annotated::crunch"), annotated)
                            .without("gen.Annotated$Gone")
                            .task()))
                    .isEqualTo(IO);
        }

        @Test
        void withoutClassFilesIsIoForLambdasAndSaysSoOnceAtDebugLevel() {
            var log = (Logger) LoggerFactory.getLogger(ForeignClasses.class);
            var appender = new ListAppender<ILoggingEvent>();
            Level level = log.getLevel();
            appender.start();
            log.addAppender(appender);
            log.setLevel(Level.DEBUG);
            log.setAdditive(false);
            try {
                Object task = compile(taskIs("() -> Work.crunch()"), WORK)
                        .serving(file -> null)
                        .task();
                assertThat(TaskClassifier.kindOf(task)).isEqualTo(IO);
                assertThat(TaskClassifier.kindOf(task)).isEqualTo(IO);
            } finally {
                log.setLevel(level);
                log.setAdditive(true);
                log.detachAppender(appender);
            }
            assertThat(appender.list).singleElement().satisfies(event -> {
                assertThat(event.getLevel()).isEqualTo(Level.DEBUG);
                assertThat(event.getFormattedMessage()).contains("gen.Host");
            });
        }

        @Test
        void withoutClassFilesStillHasTheKindThatAMethodReferenceNames() {
            var loader = compile(taskIs("Work::crunch"), WORK).serving(file -> null);
            assertThat(TaskClassifier.kindOf(loader.task())).isEqualTo(CPU);
        }

        @Test
        void withClassFilesThatCannotBeReadIsIo() {
            var garbage = compile(taskIs("() -> Work.crunch()"), WORK).serving(file -> new byte[] {1, 2, 3});
            assertThat(TaskClassifier.kindOf(garbage.task())).isEqualTo(IO);
            var stopped = compile(taskIs("() -> Work.crunch()"), WORK).serving(file -> {
                throw new IllegalStateException("this application has been stopped");
            });
            assertThat(TaskClassifier.kindOf(stopped.task())).isEqualTo(IO);
        }

        @Test
        void fromAFutureJdkIsReadAllTheSame() {
            var loader = compile(taskIs("() -> Work.crunch()"), WORK).serving(file -> withMajorVersion(file, 200));
            assertThat(TaskClassifier.kindOf(loader.task())).isEqualTo(CPU);
        }

        @Test
        void withoutDebugInformationIsReadAllTheSame() {
            var loader = compile("-g:none", taskIs("() -> Work.crunch() + Work.scan()"), WORK);
            assertThatThrownBy(() -> TaskClassifier.kindOf(loader.task()))
                    .hasMessageStartingWith("the lambda in gen.Host is of 2 kinds");
        }

        @Test
        void isLookedIntoOnlyOnce() {
            var loader = compile(taskIs("() -> Work.crunch()"), WORK);
            Object first = loader.task();
            Object second = loader.task();
            for (int i = 0; i < 100; i++) {
                assertThat(TaskClassifier.kindOf(first)).isEqualTo(CPU);
                assertThat(TaskClassifier.kindOf(second)).isEqualTo(CPU);
            }
            assertThat(loader.filesRead).hasValue(1);
        }

        @Test
        void thatIsAContradictionIsLookedIntoOnlyOnce() {
            var loader = compile(taskIs("() -> Work.crunch() + Work.scan()"), WORK);
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(() -> TaskClassifier.kindOf(loader.task()))
                        .isInstanceOf(AmbiguousTaskKindException.class);
            }
            assertThat(loader.filesRead).hasValue(1);
        }

        @Test
        void mayReferToAProtectedMethodOfAnotherPackage() {
            var base =
                    "package gen.base; import dev.loomscope.core.*; public class Base { @Cpu protected int load() { return 1; } }";
            var host = """
                    package gen;
                    import dev.loomscope.core.*;
                    public class Host extends gen.base.Base {
                        public static Object task() { return new Host().reference(); }
                        Task<?> reference() { return this::load; }
                    }
                    """;
            assertThat(TaskClassifier.kindOf(compile(host, base).task())).isEqualTo(CPU);
        }

        @Test
        void doesNotHaveTheKindOfAMethodThatItCannotOverride() {
            var base =
                    "package gen.base; import dev.loomscope.core.*; public class Base { @Cpu int load() { return 1; } }";
            var child = "package gen; class Child extends gen.base.Base { int load() { return 1; } }";
            assertThat(TaskClassifier.kindOf(
                            compile(taskIs("new Child()::load"), base, child).task()))
                    .isEqualTo(IO);
        }

        @Test
        void canBeUnloadedAfterwards() throws Exception {
            assertCleared(classifyAndForget());
        }

        private WeakReference<ClassLoader> classifyAndForget() {
            var loader = compile(taskIs("() -> Work.crunch()"), WORK);
            assertThat(TaskClassifier.kindOf(loader.task())).isEqualTo(CPU);
            return new WeakReference<>(loader);
        }

        @Test
        void doesNotKeepTheClassifierFromBeingUnloaded() throws Exception {
            assertCleared(classifyATaskOfTheJdkInALoaderOfItsOwn());
        }

        private WeakReference<ClassLoader> classifyATaskOfTheJdkInALoaderOfItsOwn() throws Exception {
            var loader = new OwnClassifier();
            Class<?> classifier = loader.loadClass(TaskClassifier.class.getName());
            assertThat(classifier).isNotSameAs(TaskClassifier.class);
            Object kind = classifier.getMethod("kindOf", Object.class).invoke(null, Executors.callable(() -> {}));
            assertThat(kind).hasToString("IO");
            return new WeakReference<>(loader);
        }

        private static void assertCleared(WeakReference<ClassLoader> loader) throws InterruptedException {
            for (int i = 0; i < 100 && loader.get() != null; i++) {
                System.gc();
                Thread.sleep(20); // only between attempts; the collector decides
            }
            assertThat(loader.get()).isNull();
        }

        private static String taskIs(String expression) {
            return "package gen; import dev.loomscope.core.*;"
                    + " public class Host { public static Object task() { Task<?> task = %s; return task; } }"
                            .formatted(expression);
        }

        private ForeignLoader compile(String... optionsAndSources) {
            var options = new ArrayList<>(List.of("--release", "21", "-proc:none", "-nowarn"));
            try {
                Path output = Files.createTempDirectory(folder, "classes");
                options.addAll(List.of("-d", output.toString(), "-cp", locationOf(TaskClassifier.class)));
                for (String text : optionsAndSources) {
                    options.add(text.startsWith("-") ? text : write(text));
                }
                int exit = ToolProvider.getSystemJavaCompiler().run(null, null, null, options.toArray(String[]::new));
                assertThat(exit).isZero();
                return new ForeignLoader(output);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private String write(String source) throws IOException {
            String name = source.replaceFirst("(?s).*?\\bclass (\\w+).*", "$1");
            Path file = Files.createTempDirectory(folder, "source").resolve(name + ".java");
            return Files.writeString(file, source).toString();
        }

        private static String locationOf(Class<?> type) {
            return Path.of(URI.create(type.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toString()))
                    .toString();
        }
    }

    private static TaskKind task(Task<?> task) {
        return TaskClassifier.kindOf(task);
    }

    private static TaskKind action(TaskAction action) {
        return TaskClassifier.kindOf(action);
    }

    private static TaskKind function(TaskFunction<Integer, ?> function) {
        return TaskClassifier.kindOf(function);
    }

    private static TaskKind consumer(TaskConsumer<Integer> consumer) {
        return TaskClassifier.kindOf(consumer);
    }

    private static byte[] withMajorVersion(byte[] classFile, int major) {
        byte[] copy = classFile.clone();
        copy[6] = (byte) (major >> 8);
        copy[7] = (byte) major;
        return copy;
    }

    private static final class ForeignLoader extends ClassLoader {
        private final Map<String, byte[]> files = new HashMap<>();
        private final AtomicInteger filesRead = new AtomicInteger();
        private UnaryOperator<byte[]> server = UnaryOperator.identity();

        ForeignLoader(Path folder) throws IOException {
            super(TaskClassifierTest.class.getClassLoader());
            try (Stream<Path> paths = Files.walk(folder)) {
                for (Path path : paths.filter(Files::isRegularFile).toList()) {
                    files.put(folder.relativize(path).toString().replace('\\', '/'), Files.readAllBytes(path));
                }
            }
        }

        ForeignLoader without(String type) {
            assertThat(files.remove(fileOf(type))).isNotNull();
            return this;
        }

        /** Gives out other class files than those that the classes were made of. */
        ForeignLoader serving(UnaryOperator<byte[]> newServer) {
            server = newServer;
            return this;
        }

        Object task() {
            try {
                return loadClass("gen.Host").getMethod("task").invoke(null);
            } catch (ReflectiveOperationException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            byte[] file = files.get(fileOf(name));
            if (file == null) {
                throw new ClassNotFoundException(name);
            }
            return defineClass(name, file, 0, file.length);
        }

        @Override
        public InputStream getResourceAsStream(String name) {
            byte[] file = files.get(name);
            if (file == null) {
                return super.getResourceAsStream(name);
            }
            filesRead.incrementAndGet();
            byte[] served = server.apply(file);
            return served == null ? null : new ByteArrayInputStream(served);
        }

        private static String fileOf(String type) {
            return type.replace('.', '/') + ".class";
        }
    }

    /** Loads the classes of loom-scope anew, and shares all others. */
    private static final class OwnClassifier extends ClassLoader {

        OwnClassifier() {
            super(TaskClassifierTest.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith("dev.loomscope.")) {
                return super.loadClass(name, resolve);
            }
            Class<?> loaded = findLoadedClass(name);
            if (loaded != null) {
                return loaded;
            }
            try (InputStream in = getParent().getResourceAsStream(ForeignLoader.fileOf(name))) {
                byte[] file = in.readAllBytes();
                return defineClass(name, file, 0, file.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }

    static class Work {

        static int plain() {
            return 1;
        }

        @Io
        static int fetch() {
            return 1;
        }

        @Blocking
        static int scan() {
            return 1;
        }

        @Cpu
        static int crunch() {
            return 1;
        }

        @Cpu
        static int crunchOf(int n) {
            return n;
        }

        @Cpu
        static int sum(Integer... numbers) {
            return numbers.length;
        }

        @Cpu
        static <T> T first(List<T> items) {
            return items.getFirst();
        }

        @Cpu
        static int lambda$named() {
            return 1;
        }

        @RunsOn(BLOCKING)
        static int direct() {
            return 1;
        }

        @Heavy
        static int heavy() {
            return 1;
        }

        @VeryHeavy
        static int veryHeavy() {
            return 1;
        }

        @Heavy
        @Cpu
        @RunsOn(CPU)
        static int heavyTwice() {
            return 1;
        }

        @Io
        @Heavy
        static int torn() {
            return 1;
        }
    }

    @Retention(RetentionPolicy.RUNTIME)
    @RunsOn(CPU)
    @interface Heavy {}

    @Retention(RetentionPolicy.RUNTIME)
    @VeryHeavy // a circle
    @Heavy
    @interface VeryHeavy {}

    @Cpu
    static class CpuWork {

        static int silent() {
            return 1;
        }

        @Io
        static int fetch() {
            return 1;
        }
    }

    @Blocking
    static class BlockingWork {

        static int silent() {
            return 1;
        }
    }

    static class SubclassOfCpuWork extends CpuWork {

        int own() {
            return 1;
        }
    }

    @Cpu
    interface CpuPart {
        int part();
    }

    interface NarrowerPart extends CpuPart {}

    static class ImplementsCpuPart implements NarrowerPart {

        @Override
        public int part() {
            return 1;
        }
    }

    static class PlainParent {

        int inherited() {
            return 1;
        }
    }

    @Cpu
    static class CpuChildOfPlain extends PlainParent {}

    static class Overloads {

        @Cpu
        static String of(String text) {
            return text;
        }

        @Blocking
        static String of(Integer number) {
            return number.toString();
        }
    }

    static class BaseDao {

        @Blocking
        public String query() {
            return "";
        }
    }

    static class SilentDao extends BaseDao {

        @Override
        public String query() {
            return "";
        }

        @Blocking
        String ownQuery() {
            return "";
        }
    }

    static class LoudDao extends BaseDao {

        @Override
        @Cpu
        public String query() {
            return "";
        }

        Task<String> inherited() {
            return super::query;
        }

        Task<String> inheritedByLambda() {
            return () -> super.query();
        }
    }

    interface Queryable {

        @Cpu
        String query();
    }

    static class SiteOfDao extends SilentDao implements Queryable {

        @Override
        public String query() {
            return "";
        }
    }

    interface Site {

        @Blocking
        int download();

        @Cpu
        default int render() {
            return 1;
        }
    }

    static class SiteClient implements Site {

        @Override
        public int download() {
            return 1;
        }
    }

    record UserId(int id) {}

    record User(int id) {}

    interface Repository<K, V> {

        @Blocking
        V load(K key);
    }

    static class UserRepository implements Repository<UserId, User> {

        @Override
        public User load(UserId key) {
            return new User(key.id());
        }

        public User load(String key) {
            return new User(key.length());
        }
    }

    interface Sink<T> {

        @Cpu
        void put(T item);
    }

    static class PlainSink {

        public void put(User user) {}
    }

    static class InheritingSink extends PlainSink implements Sink<User> {}

    static class Parent {

        @Cpu
        static int load() {
            return 1;
        }

        @Cpu
        private int secret() {
            return 1;
        }

        int useSecret() {
            return secret();
        }
    }

    static class HidingChild extends Parent {

        static int load() {
            return 1;
        }

        int secret() {
            return 1;
        }
    }

    static class SilentChild extends Parent {}

    interface Converter {

        @Cpu
        static int convert() {
            return 1;
        }
    }

    static class StaticNamesake implements Converter {

        int convert() {
            return 1;
        }
    }

    static final class Places {
        static final Task<Integer> IN_STATIC_INITIALIZER;

        static {
            IN_STATIC_INITIALIZER = () -> Work.crunch();
        }
    }

    interface InInterface {
        Task<Integer> FIELD = () -> Work.crunch();

        default Task<Integer> inDefault() {
            return () -> Work.crunch() + hashCode();
        }
    }

    record InRecord(int n) {

        Task<Integer> task() {
            return () -> Work.crunchOf(n);
        }
    }

    enum InEnum {
        ONE(() -> Work.crunch());

        final Task<Integer> task;

        InEnum(Task<Integer> task) {
            this.task = task;
        }
    }

    static final class SerializationBomb implements Serializable {

        @Cpu
        int crunch() {
            return 1;
        }

        private void writeObject(ObjectOutputStream out) {
            throw new AssertionError("serialized");
        }
    }

    static class CallSaysCpu implements Task<Integer> {

        @Override
        @Cpu
        public Integer call() {
            return Work.scan();
        }
    }

    static class OverridesCall extends CallSaysCpu {

        @Override
        public Integer call() {
            return 1;
        }
    }

    interface ReportTask extends Task<User> {

        @Override
        @Cpu
        User call();
    }

    static class ImplementsReportTask implements ReportTask {

        @Override
        public User call() {
            return new User(1);
        }
    }

    static class CallableSaysCpu implements Callable<Integer> {

        @Override
        @Cpu
        public Integer call() {
            return 1;
        }
    }

    static class RunSaysBlocking implements TaskAction {

        @Override
        @Blocking
        public void run() {}
    }

    record ApplySaysCpu(int factor) implements TaskFunction<Integer, Integer> {

        @Override
        @Cpu
        public Integer apply(Integer n) {
            return n * factor;
        }
    }

    static class AcceptSaysCpu implements TaskConsumer<String> {

        @Override
        @Cpu
        public void accept(String text) {}
    }

    static class CallAndApply implements Task<Integer>, TaskFunction<Integer, Integer> {

        @Override
        @Io
        public Integer call() {
            return 1;
        }

        @Override
        @Cpu
        public Integer apply(Integer n) {
            return n;
        }
    }

    enum Step implements Task<Integer> {
        CRUNCH {
            @Override
            @Cpu
            public Integer call() {
                return 1;
            }
        },
        WAIT {
            @Override
            public Integer call() {
                return 1;
            }
        }
    }

    static class PlainTask implements Task<Integer> {

        @Override
        public Integer call() {
            return Work.crunch();
        }
    }

    @Cpu
    record CpuRecord() implements Task<Integer> {

        @Override
        public Integer call() {
            return 1;
        }
    }

    @Cpu
    static class CpuClassWithIoCall implements Task<Integer> {

        @Override
        @Io
        public Integer call() {
            return 1;
        }
    }

    @Blocking
    static class BlockingTask extends PlainTask {}

    static class ExtendsBlockingTask extends BlockingTask {}

    @Io
    static class IoChildOfBlockingTask extends BlockingTask implements CpuTask<Integer> {}

    @Cpu
    interface CpuTask<T> extends Task<T> {}

    static class ImplementsCpuTask extends PlainTask implements CpuTask<Integer> {}

    @Heavy
    static class HeavyTask extends PlainTask {}

    @RunsOn(IO)
    @Blocking
    static class TornTask extends PlainTask {}

    @Cpu
    static class ThrowingWriteReplace extends PlainTask {
        private static boolean called;

        private Object writeReplace() {
            called = true;
            throw new IllegalStateException("not me");
        }
    }
}
