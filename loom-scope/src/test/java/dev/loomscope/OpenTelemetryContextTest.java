package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.core.TaskKind;
import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ThreadLocalAccessor;
import io.opentelemetry.api.baggage.Baggage;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.ContextKey;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Subtasks have the OpenTelemetry context that was current at the fork. */
class OpenTelemetryContextTest {

    private static final ContextKey<String> REQUEST = ContextKey.named("request");
    private static final String ACCESSOR = "opentelemetry";
    private static final Context FORK = Context.root().with(REQUEST, "at the fork");
    private static final Context OPENER = Context.root().with(REQUEST, "at the open");

    /** Reads and writes OpenTelemetry's context as a thread local, without closing the scopes that this opens. */
    private static final class Accessor implements ThreadLocalAccessor<Context> {

        @Override
        public Object key() {
            return ACCESSOR;
        }

        @Override
        public Context getValue() {
            return Context.current() == Context.root() ? null : Context.current();
        }

        @SuppressWarnings("MustBeClosedChecker")
        @Override
        public void setValue(Context value) {
            value.makeCurrent();
        }

        @Override
        public void setValue() {
            setValue(Context.root());
        }
    }

    /** Clears OpenTelemetry's context when it has no value of its own, as an accessor of another tracing library may. */
    private static final class ClearingAccessor implements ThreadLocalAccessor<String> {

        @Override
        public Object key() {
            return ACCESSOR;
        }

        @Override
        public String getValue() {
            return null;
        }

        @Override
        public void setValue(String value) {
            throw new AssertionError("nothing was captured");
        }

        @SuppressWarnings("MustBeClosedChecker")
        @Override
        public void setValue() {
            Context.root().makeCurrent();
        }
    }

    @ParameterizedTest
    @EnumSource
    void subtaskHasTheContextOfTheFork(OpenTelemetryPath path) throws Exception {
        assertThat(OpenTelemetryPath.under(OPENER, () -> path.run(FORK, Context::current)))
                .isSameAs(FORK);
        assertThat(Context.current()).isSameAs(Context.root());
    }

    @ParameterizedTest
    @EnumSource
    void subtaskForkedWithoutContextHasNone(OpenTelemetryPath path) throws Exception {
        assertThat(OpenTelemetryPath.under(OPENER, () -> path.run(Context.root(), Context::current)))
                .isSameAs(Context.root());
    }

    @ParameterizedTest
    @EnumSource
    void spansOfSubtasksAreChildrenOfTheSpanAtTheFork(OpenTelemetryPath path) throws Exception {
        InMemorySpanExporter exporter = InMemorySpanExporter.create();
        try (SdkTracerProvider provider = SdkTracerProvider.builder()
                .addSpanProcessor(SimpleSpanProcessor.create(exporter))
                .build()) {
            Tracer tracer = provider.get("test");
            Span parent = tracer.spanBuilder("parent").startSpan();
            Context atFork = Context.root()
                    .with(parent)
                    .with(Baggage.builder().put("tenant", "acme").build());

            String tenant = path.run(atFork, () -> {
                tracer.spanBuilder("child").startSpan().end();
                return Baggage.current().getEntryValue("tenant");
            });

            assertThat(tenant).isEqualTo("acme");
            assertThat(exporter.getFinishedSpanItems())
                    .isNotEmpty()
                    .extracting(SpanData::getParentSpanContext)
                    .containsOnly(parent.getSpanContext());
            parent.end();
        }
    }

    @ParameterizedTest
    @EnumSource
    void contextReachesSubtaskBesideMicrometerAccessorOfTheSameContext(OpenTelemetryPath path) throws Exception {
        ContextRegistry.getInstance().registerThreadLocalAccessor(new Accessor());
        try {
            subtaskHasTheContextOfTheFork(path);
            subtaskForkedWithoutContextHasNone(path);
        } finally {
            ContextRegistry.getInstance().removeThreadLocalAccessor(ACCESSOR);
        }
    }

    @ParameterizedTest
    @EnumSource
    void contextReachesSubtaskBesideMicrometerAccessorThatClearsIt(OpenTelemetryPath path) throws Exception {
        ContextRegistry.getInstance().registerThreadLocalAccessor(new ClearingAccessor());
        try {
            subtaskHasTheContextOfTheFork(path);
            subtaskForkedWithoutContextHasNone(path);
        } finally {
            ContextRegistry.getInstance().removeThreadLocalAccessor(ACCESSOR);
        }
    }

    /** The state of a reused thread that its earlier subtask was forked with. */
    enum Before {
        ROOT,
        CONTEXT
    }

    // All subtasks run on one thread, or the first assertion fails.
    @ParameterizedTest
    @EnumSource
    void scopeThatSubtaskLeavesOpenEndsWithThatSubtask(Before before) throws Exception {
        Context atFork = before == Before.ROOT ? Context.root() : FORK;
        try (var scope = MixedScope.<Object>open(c -> c.withReusedThreads(true))) {
            CountDownLatch allRunning = new CountDownLatch(2);
            List<Subtask<Thread>> careless = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                careless.add(OpenTelemetryPath.under(
                        atFork, () -> scope.fork(TaskKind.BLOCKING, () -> leaveScopeOpen(allRunning))));
            }
            List<Thread> dirty =
                    List.of(careless.get(0).await(), careless.get(1).await());
            CountDownLatch allLooking = new CountDownLatch(64);
            List<Subtask<Thread>> next = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                next.add(scope.fork(TaskKind.BLOCKING, () -> {
                    assertThat(Context.current()).isSameAs(Context.root());
                    allLooking.countDown();
                    Patience.await(allLooking);
                    return Thread.currentThread();
                }));
            }
            scope.join();

            assertThat(next).extracting(Subtask::get).containsAll(dirty);
        }
    }

    @SuppressWarnings("MustBeClosedChecker") // that is the mistake
    private static Thread leaveScopeOpen(CountDownLatch allRunning) throws InterruptedException {
        Context.current().with(REQUEST, "left open").makeCurrent();
        allRunning.countDown();
        Patience.await(allRunning);
        return Thread.currentThread();
    }

    @Test
    void removeRestoresTheContextThatTheThreadHad() throws Exception {
        ForkContext captured = OpenTelemetryPath.under(FORK, ForkContext::capture);

        OpenTelemetryPath.under(OPENER, () -> {
            ForkContext.Installed installed = captured.install();
            assertThat(Context.current()).isSameAs(FORK);
            leaveScopeOpen(new CountDownLatch(0));
            installed.remove();
            assertThat(Context.current()).isSameAs(OPENER);
            return null;
        });
    }

    @Test
    void codeThatThrowsLeavesTheContextThatTheThreadHad() throws Exception {
        Callable<?> failing = OpenTelemetryPath.under(FORK, ForkContext::capture)
                .around(
                        () -> {
                            throw new IllegalStateException(Context.current().get(REQUEST));
                        },
                        false);

        OpenTelemetryPath.under(OPENER, () -> {
            assertThatThrownBy(failing::call).hasMessage("at the fork");
            assertThat(Context.current()).isSameAs(OPENER);
            return null;
        });
    }

    @Test
    void rootContextIsCapturedWithoutAllocationAndDoesNotWrapCode() {
        Callable<String> code = () -> "code";

        assertThat(OpenTelemetryContext.capture()).isNotNull().isSameAs(OpenTelemetryContext.capture());
        assertThat(ForkContext.capture()).isSameAs(ForkContext.NOTHING);
        assertThat(ForkContext.NOTHING.around(code, false)).isSameAs(code);
    }

    @Test
    void withoutOpenTelemetryCodeOfSubtaskIsNotWrapped() throws Exception {
        assertThat(new WithoutOpenTelemetry().call()).containsExactly("present", "wrapped", "has run");
        List<URL> rest = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (!entry.contains("opentelemetry")) {
                rest.add(Path.of(entry).toUri().toURL());
            }
        }
        try (URLClassLoader loader =
                new URLClassLoader(rest.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            var constructor =
                    loader.loadClass(WithoutOpenTelemetry.class.getName()).getDeclaredConstructor();
            constructor.setAccessible(true);
            Callable<?> absent = (Callable<?>) constructor.newInstance();

            assertThat(absent.call()).isEqualTo(List.of("absent", "not wrapped", "has run"));
        }
    }
}
