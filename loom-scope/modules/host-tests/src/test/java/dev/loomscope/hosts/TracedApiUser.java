package dev.loomscope.hosts;

import dev.loomscope.MixedScope;
import dev.loomscope.ScopeConfig;
import dev.loomscope.Subtask;
import dev.loomscope.core.TaskKind;
import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.ContextKey;
import io.opentelemetry.context.Scope;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.Objects;

/**
 * The program that {@link OpenTelemetryAgentTest} runs under the java agent and with OpenTelemetry's API on the class path. It makes
 * spans and context values itself, prints one line per check, and then does what {@link TracedCalls} does.
 */
final class TracedApiUser {

    private static final ContextKey<Object> REQUEST = ContextKey.named("request");
    private static final Tracer TRACER = GlobalOpenTelemetry.getTracer("traced-api-user");
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private TracedApiUser() {}

    public static void main(String[] arguments) throws Exception {
        ScopeConfig config = ScopeConfig.defaults();
        ScopeConfig reusing = config.withReusedThreads(true);
        print("api-collected", isCollected(usedContextValue())); // first: the first context was the one that stayed
        print("api-io", subtaskHasSpanAndValue(TaskKind.IO, config));
        print("api-blocking", subtaskHasSpanAndValue(TaskKind.BLOCKING, config));
        print("api-reused", subtaskHasSpanAndValue(TaskKind.BLOCKING, reusing));
        print("api-after-open-scope", nextSubtaskHasNothingAfterOneLeftItsScopeOpen(reusing));
        TracedCalls.main(arguments);
    }

    private static void print(String check, boolean holds) {
        System.out.println("RESULT " + check + " " + holds);
    }

    private static boolean subtaskHasSpanAndValue(TaskKind kind, ScopeConfig config) throws Exception {
        Object request = new Object();
        Span span = TRACER.spanBuilder("parent").startSpan();
        try (var scope = MixedScope.<Boolean>open(config)) {
            Subtask<Boolean> subtask;
            try (Scope current =
                    Context.current().with(span).with(REQUEST, request).makeCurrent()) {
                Objects.requireNonNull(current);
                subtask = scope.fork(
                        kind,
                        () -> Context.current().get(REQUEST) == request
                                && Span.current().getSpanContext().isValid()
                                && Span.current().getSpanContext().equals(span.getSpanContext()));
            }
            scope.join();
            return subtask.get();
        } finally {
            span.end();
        }
    }

    @SuppressWarnings("MustBeClosedChecker") // that is the mistake
    private static boolean nextSubtaskHasNothingAfterOneLeftItsScopeOpen(ScopeConfig reusing) throws Exception {
        try (var scope = MixedScope.<Thread>open(reusing.withMaxConcurrent(TaskKind.BLOCKING, 1))) {
            Subtask<Thread> careless = scope.fork(TaskKind.BLOCKING, () -> {
                Context.current().with(REQUEST, "left open").makeCurrent();
                return Thread.currentThread();
            });
            careless.await();
            Subtask<Thread> next = scope.fork(
                    TaskKind.BLOCKING, () -> Context.current().get(REQUEST) == null ? Thread.currentThread() : null);
            scope.join();
            return next.get() != null;
        }
    }

    // The agent attaches a context to what the JDK's scope is given to run, and loom-scope gives it the same object
    // each time.
    private static WeakReference<Object> usedContextValue() throws Exception {
        Object request = new Object();
        try (var scope = MixedScope.<Boolean>open();
                Scope current = Context.current().with(REQUEST, request).makeCurrent()) {
            Objects.requireNonNull(current);
            scope.fork(TaskKind.IO, () -> true);
            scope.fork(TaskKind.BLOCKING, () -> true);
            scope.join();
        }
        return new WeakReference<>(request);
    }

    private static boolean isCollected(WeakReference<Object> reference) {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (reference.get() != null && System.nanoTime() < end) {
            System.gc();
        }
        return reference.get() == null;
    }
}
