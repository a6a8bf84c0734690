package dev.loomscope.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

class TaskContextTest {

    private static final ContextValue<String> TENANT = ContextValue.named("context.tenant");

    static {
        LoggerFactory.getLogger(TaskContextTest.class); // without a user of SLF4J there is no MDC
    }

    @AfterEach
    void clear() {
        TaskContext.clear();
    }

    private static String seen() {
        return MDC.get("request") + " " + TENANT.orElse("nobody");
    }

    private static TaskContext captured(String request, String tenant) {
        MDC.put("request", request);
        TaskContext context = TENANT.where(tenant).call(TaskContext::capture);
        MDC.clear();
        return context;
    }

    @Test
    void whereThereIsNothingNothingIsMade() {
        assertThat(TaskContext.capture()).isSameAs(TaskContext.EMPTY);
        assertThat(TaskContext.of(Map.of(), Map.of())).isSameAs(TaskContext.EMPTY);
        assertThat(TaskContext.EMPTY.install()).isSameAs(TaskContext.EMPTY.install());
    }

    @Test
    void whatWasCapturedIsThereUntilItIsRemoved() {
        TaskContext context = captured("r-1", "acme");
        assertThat(seen()).isEqualTo("null nobody");

        TaskContext.Installed installed = context.install();
        assertThat(seen()).isEqualTo("r-1 acme");

        installed.remove();
        assertThat(seen()).isEqualTo("null nobody");
    }

    @Test
    void whatTheThreadHadBeforeIsHiddenAndComesBack() {
        TaskContext context = captured("r-1", "acme");
        MDC.put("request", "before");
        MDC.put("only", "before");

        TENANT.where("previous").run(() -> {
            TaskContext.Installed installed = context.install();
            assertThat(seen()).isEqualTo("r-1 acme");
            assertThat(MDC.get("only")).isNull();

            installed.remove();
            assertThat(seen()).isEqualTo("before previous");
            assertThat(MDC.get("only")).isEqualTo("before");
        });
    }

    @Test
    void anEmptyContextHidesWhatTheThreadHad() {
        MDC.put("request", "before");

        TENANT.where("previous").run(() -> {
            TaskContext.Installed installed = TaskContext.EMPTY.install();
            assertThat(seen()).isEqualTo("null nobody");

            installed.remove();
            assertThat(seen()).isEqualTo("before previous");
        });
    }

    @Test
    void whatTheTaskAddsIsRemovedWithIt() {
        TaskContext.Installed installed = TaskContext.EMPTY.install();
        MDC.put("request", "added");

        installed.remove();

        assertThat(seen()).isEqualTo("null nobody");
    }

    @Test
    void laterChangesOfTheCapturingThreadAreNotInIt() {
        MDC.put("request", "early");
        TaskContext context = TaskContext.capture();
        MDC.put("request", "late");

        assertThat(context.log()).containsExactly(Map.entry("request", "early"));
    }

    @Test
    void itsPartsAreCopiesThatNobodyChanges() {
        Map<String, String> log = new HashMap<>(Map.of("k", "v"));
        Map<String, Object> values = new HashMap<>(Map.of("name", 1));
        TaskContext context = TaskContext.of(log, values);
        log.clear();
        values.clear();

        assertThat(context.log()).containsExactly(Map.entry("k", "v"));
        assertThat(context.values()).containsExactly(Map.entry("name", 1));
        assertThatThrownBy(() -> context.log().clear()).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> context.values().clear()).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> captured("r", "acme").values().clear())
                .isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void itsWordsDoNotTellTheValues() {
        assertThat(captured("r-1", "secret")).hasToString("TaskContext[MDC [request], values [context.tenant]]");
    }
}
