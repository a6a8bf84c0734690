package dev.loomscope;

import dev.loomscope.core.Task;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The lambda form of a scope, {@link MixedScope#call}. */
final class ScopeCall {

    private ScopeCall() {}

    static <V extends @Nullable Object, X extends Exception> V run(ScopeConfig config, MixedScope.Body<V, X> body)
            throws X, ScopeFailedException, InterruptedException {
        BodyInterrupt interrupt = new BodyInterrupt();
        try (var scope = NurseryScope.<@Nullable Object, @Nullable Void>open(
                Joiner.awaitAllSuccessfulOrThrow(), config, interrupt, ScopeClock.SYSTEM)) {
            return runAndJoin(scope, body, interrupt);
        }
    }

    static <V, X extends Exception> Optional<V> moveOnAfter(
            Duration timeout, MixedScope.Body<? extends @Nullable V, X> body)
            throws X, ScopeFailedException, InterruptedException {
        BodyInterrupt interrupt = new BodyInterrupt();
        try (var scope = NurseryScope.<@Nullable Object, @Nullable Void>open(
                Joiner.awaitAllSuccessfulOrThrow(),
                ScopeConfig.defaults().withTimeout(timeout),
                interrupt,
                ScopeClock.SYSTEM)) {
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

    static <T extends @Nullable Object> T race(List<? extends Task<? extends T>> tasks)
            throws InterruptedException, ScopeFailedException {
        if (tasks.isEmpty()) {
            throw new IllegalArgumentException("a race needs at least one task");
        }
        try (var scope = NurseryScope.<T, T>open(Joiner.anySuccessfulOrThrow(), ScopeConfig.defaults())) {
            try {
                tasks.forEach(scope::fork);
                return scope.join();
            } catch (InterruptedException | RuntimeException e) {
                scope.leave(e); // what it has forked ends without a complaint
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
            toldOfOutside =
                    e instanceof InterruptedException || scope.cancelling().isFromOutside();
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
