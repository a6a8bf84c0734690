package dev.loomscope;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The lambda form of a scope, {@link MixedScope#call}. */
final class ScopeCall {

    private ScopeCall() {}

    static <V extends @Nullable Object, X extends Exception> V run(ScopeConfig config, MixedScope.Body<V, X> body)
            throws X, ScopeFailedException, InterruptedException {
        BodyInterrupt interrupt = new BodyInterrupt();
        try (var scope = NurseryScope.<@Nullable Object, @Nullable Void>open(
                Joiner.awaitAllSuccessfulOrThrow(), config, interrupt)) {
            return runAndJoin(scope, body, interrupt);
        }
    }

    static <V, X extends Exception> Optional<V> moveOnAfter(
            Duration timeout, MixedScope.Body<? extends @Nullable V, X> body)
            throws X, ScopeFailedException, InterruptedException {
        BodyInterrupt interrupt = new BodyInterrupt();
        try (var scope = NurseryScope.<@Nullable Object, @Nullable Void>open(
                Joiner.awaitAllSuccessfulOrThrow(), ScopeConfig.defaults().withTimeout(timeout), interrupt)) {
            try {
                return Optional.ofNullable(runAndJoin(scope, body, interrupt));
            } catch (DeadlineExceededException e) {
                if (scope.outcome().isOwn(e) && e.failures().isEmpty()) {
                    return Optional.empty();
                }
                throw e;
            }
        }
    }

    private static <V extends @Nullable Object, X extends Exception> V runAndJoin(
            NurseryScope<@Nullable Object, @Nullable Void> scope, MixedScope.Body<V, X> body, BodyInterrupt interrupt)
            throws X, ScopeFailedException, InterruptedException {
        boolean toldOfOutside = false;
        try {
            V value = runBody(scope, body, interrupt);
            scope.join();
            return value;
        } catch (Throwable e) {
            toldOfOutside = e instanceof InterruptedException || scope.isCancelledFromOutside();
            throw e;
        } finally {
            if (!toldOfOutside) {
                interrupt.passOn();
            }
        }
    }

    private static <V extends @Nullable Object, X extends Exception> V runBody(
            NurseryScope<@Nullable Object, @Nullable Void> scope, MixedScope.Body<V, X> body, BodyInterrupt interrupt)
            throws X, ScopeFailedException, InterruptedException {
        try {
            V value = body.run(scope);
            interrupt.end();
            return value;
        } catch (Throwable e) {
            // The cancel may be known, by a nested scope say, before its interrupt comes; an InterruptedException was
            // another's then.
            boolean cutByUs =
                    interrupt.end() || (scope.cancelReason().isPresent() && !(e instanceof InterruptedException));
            if (cutByUs && InterruptShape.matches(e)) {
                scope.join(); // mostly says why
                throw scope.outcome().bodyCutShort();
            }
            scope.leave(e);
            throw e;
        }
    }
}
