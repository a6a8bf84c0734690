package dev.loomscope.demos.guide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.Deadline;
import dev.loomscope.MixedScope;
import dev.loomscope.Subtask;
import dev.loomscope.core.ContextValue;
import dev.loomscope.core.CurrentTask;
import dev.loomscope.core.TaskKind;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.MDC;

/** What travels with a task. */
class ContextTest {

    // guide: context-value
    static final ContextValue<String> TENANT = ContextValue.named("com.acme.tenant");

    static String greet() {
        return "%s for %s".formatted(MDC.get("request"), TENANT.get());
    }
    // end

    @AfterEach
    void clear() {
        MDC.clear();
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void reachesEveryKind(TaskKind kind) throws Exception {
        // guide: context
        MDC.put("request", "r-17");
        try (var scope = MixedScope.<String>open()) {
            Subtask<String> greeting = TENANT.where("acme").call(() -> scope.fork(kind, () -> greet()));
            scope.join();
            assertThat(greeting.get()).isEqualTo("r-17 for acme"); // whichever kind it is
        }
        // end
    }

    static boolean knowsItsTime() {
        return CurrentTask.current().remaining().isPresent();
    }

    @Test
    void theTimeLeftReachesAWorker() throws Exception {
        // guide: time-left
        try (var scope = MixedScope.open(c -> c.withDeadline(Deadline.after(Duration.ofMinutes(1))))) {
            Subtask<Boolean> limited = scope.fork(TaskKind.CPU, () -> knowsItsTime());
            scope.join();
            assertThat(limited.get()).isTrue(); // CurrentTask.current().remaining(), and scopes opened there keep to it
        }
        // end
    }
}
