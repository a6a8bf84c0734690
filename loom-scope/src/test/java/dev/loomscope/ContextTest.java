package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.core.ContextValue;
import dev.loomscope.core.CurrentTask;
import dev.loomscope.core.TaskKind;
import dev.loomscope.core.TaskNotSerializableException;
import io.micrometer.context.ContextRegistry;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.MDC;

/** What subtasks of each kind have of the thread that forked them. */
class ContextTest {

    private static final ContextValue<String> TENANT = ContextValue.named("scope.tenant");
    private static final ContextValue<Object> ANYTHING = ContextValue.named("scope.anything");
    private static final ThreadLocal<String> TRACE = new ThreadLocal<>();

    private static String seen() {
        return MDC.get("request") + " " + TENANT.orElse("nobody");
    }

    private static String change() {
        String before = seen();
        MDC.put("request", "changed");
        return TENANT.where("changed").call(() -> before + ", " + seen());
    }

    @AfterEach
    void clear() {
        MDC.clear();
        TRACE.remove();
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void theMdcAndTheValuesReachEveryKindAndNothingComesBack(TaskKind kind) throws Exception {
        MDC.put("request", "r-1");
        try (var scope = MixedScope.<String>open()) {
            Subtask<String> subtask = TENANT.where("acme").call(() -> scope.fork(kind, () -> change()));
            MDC.put("request", "later");
            scope.join();

            assertThat(subtask.get()).isEqualTo("r-1 acme, changed changed");
            assertThat(seen()).isEqualTo("later nobody");
        }
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void aSubtaskForkedWithoutContextHasNone(TaskKind kind) throws Exception {
        MDC.put("request", "of the opener");
        try (var scope = MixedScope.<String>open()) {
            MDC.clear();
            Subtask<String> subtask = scope.fork(kind, () -> seen());
            scope.join();

            assertThat(subtask.get()).isEqualTo("null nobody");
        }
    }

    @Test
    void aContinuationHasTheContextOfWhoeverAskedForIt() throws Exception {
        try (var scope = MixedScope.<String>open()) {
            Subtask<String> first = scope.fork(TaskKind.IO, () -> seen());
            MDC.put("request", "r-2");
            Subtask<String> then = TENANT.where("acme").call(() -> first.then(before -> before + ", " + seen()));
            scope.join();

            assertThat(then.get()).isEqualTo("null nobody, r-2 acme");
        }
    }

    @Test
    void aValueThatCannotBeSentStopsAForkOfACpuTaskOnly() throws Exception {
        try (var scope = MixedScope.<String>open()) {
            ANYTHING.where(new Object()).call(() -> scope.fork(TaskKind.IO, () -> "may have it"));
            assertThatThrownBy(() -> ANYTHING.where(new Object()).call(() -> scope.fork(TaskKind.CPU, () -> "not")))
                    .isInstanceOf(TaskNotSerializableException.class)
                    .hasMessageContaining("context value 'scope.anything'");
            scope.join();
        }
    }

    @Test
    void threadLocalsThatMicrometerKnowsReachIoAndBlocking() throws Exception {
        ContextRegistry.getInstance().registerThreadLocalAccessor("trace", TRACE);
        TRACE.set("t-1");
        try (var scope = MixedScope.<String>open()) {
            Subtask<String> io = scope.fork(TaskKind.IO, () -> TRACE.get());
            Subtask<String> blocking = scope.fork(TaskKind.BLOCKING, () -> TRACE.get());
            TRACE.set("later");
            scope.join();

            assertThat(io.get()).isEqualTo("t-1");
            assertThat(blocking.get()).isEqualTo("t-1");
        } finally {
            ContextRegistry.getInstance().removeThreadLocalAccessor("trace");
        }
    }

    @Test
    void aCpuTaskKnowsHowMuchTimeItsScopeHas() throws Exception {
        Duration limit = Duration.ofHours(1);
        try (var scope = MixedScope.<Duration>open(c -> c.withTimeout(limit))) {
            Subtask<Duration> left = scope.fork(
                    TaskKind.CPU, () -> CurrentTask.current().remaining().orElseThrow());
            scope.join();

            assertThat(left.get()).isLessThan(limit).isGreaterThan(limit.dividedBy(2));
        }
    }
}
