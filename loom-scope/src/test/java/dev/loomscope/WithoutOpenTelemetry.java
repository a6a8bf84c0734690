package dev.loomscope;

import java.util.List;
import java.util.concurrent.Callable;

/**
 * Code for {@link OpenTelemetryContextTest} to run in a class loader that has no OpenTelemetry. Returns whether OpenTelemetry is
 * present, whether code for a reused thread is wrapped, and the result of a subtask.
 */
final class WithoutOpenTelemetry implements Callable<List<String>> {

    @Override
    public List<String> call() throws Exception {
        Callable<String> code = () -> "has run";
        boolean wrapped = ForkContext.NOTHING.around(code, true) != code;
        try (var scope = MixedScope.<String>open()) {
            Subtask<String> subtask = scope.fork("forked", code);
            scope.join();
            return List.of(openTelemetry(), wrapped ? "wrapped" : "not wrapped", subtask.get());
        }
    }

    private static String openTelemetry() {
        try {
            Class.forName("io.opentelemetry.context.Context");
            return "present";
        } catch (ClassNotFoundException e) {
            return "absent";
        }
    }
}
