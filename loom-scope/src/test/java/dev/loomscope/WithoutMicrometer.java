package dev.loomscope;

import dev.loomscope.core.ContextValue;
import java.util.List;
import java.util.concurrent.Callable;
import org.slf4j.MDC;

/** What {@link ForkContextTest} runs where Micrometer is absent; says also whether it is. */
final class WithoutMicrometer implements Callable<List<String>> {

    private static final ContextValue<String> TENANT = ContextValue.named("absent.tenant");

    @Override
    public List<String> call() throws Exception {
        MDC.put("request", "r-2");
        ForkContext context = TENANT.where("acme").call(ForkContext::capture);
        MDC.clear();
        ForkContext.Installed installed = context.install();
        String during = seen();
        installed.remove();
        try (var scope = MixedScope.open()) {
            Subtask<String> subtask = scope.fork("forked", () -> "has run");
            scope.join();
            return List.of(during, seen(), subtask.get(), micrometer());
        }
    }

    private static String seen() {
        return MDC.get("request") + " " + TENANT.orElse("nobody");
    }

    private static String micrometer() {
        try {
            Class.forName("io.micrometer.context.ContextSnapshotFactory");
            return "present";
        } catch (ClassNotFoundException e) {
            return "absent";
        }
    }
}
