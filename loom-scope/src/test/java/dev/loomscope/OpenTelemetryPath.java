package dev.loomscope;

import dev.loomscope.core.TaskKind;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** The ways in which {@link OpenTelemetryContextTest} forks a subtask. */
enum OpenTelemetryPath {
    IO {
        @Override
        <T> T run(Context atFork, Callable<T> probe) throws Exception {
            return runForked(c -> c, TaskKind.IO, atFork, probe);
        }
    },
    BLOCKING {
        @Override
        <T> T run(Context atFork, Callable<T> probe) throws Exception {
            return runForked(c -> c, TaskKind.BLOCKING, atFork, probe);
        }
    },
    BLOCKING_ON_REUSED_THREAD {
        @Override
        <T> T run(Context atFork, Callable<T> probe) throws Exception {
            return runForked(c -> c.withReusedThreads(true), TaskKind.BLOCKING, atFork, probe);
        }
    },
    ABANDONABLE {
        @Override
        <T> T run(Context atFork, Callable<T> probe) throws Exception {
            return runForked(c -> c.withBlockingCancelPolicy(CancelPolicy.ABANDON), TaskKind.BLOCKING, atFork, probe);
        }
    },
    QUEUED_IO {
        @Override
        <T> T run(Context atFork, Callable<T> probe) throws Exception {
            return runQueued(c -> c, TaskKind.IO, atFork, probe);
        }
    },
    QUEUED_BLOCKING {
        @Override
        <T> T run(Context atFork, Callable<T> probe) throws Exception {
            return runQueued(c -> c, TaskKind.BLOCKING, atFork, probe);
        }
    },
    QUEUED_ON_REUSED_THREAD {
        @Override
        <T> T run(Context atFork, Callable<T> probe) throws Exception {
            return runQueued(c -> c.withReusedThreads(true), TaskKind.BLOCKING, atFork, probe);
        }
    },
    QUEUED_ABANDONABLE {
        @Override
        <T> T run(Context atFork, Callable<T> probe) throws Exception {
            return runQueued(c -> c.withBlockingCancelPolicy(CancelPolicy.ABANDON), TaskKind.BLOCKING, atFork, probe);
        }
    },
    FORKED_BY_SUBTASK {
        @Override
        <T> T run(Context atFork, Callable<T> probe) throws Exception {
            try (var scope = MixedScope.<T>open()) {
                Subtask<T> outer = scope.fork(
                        TaskKind.IO,
                        () -> under(atFork, () -> scope.fork(TaskKind.BLOCKING, probe))
                                .await());
                scope.join();
                return outer.get();
            }
        }
    },
    FORKED_BY_SUBTASK_OF_NESTED_SCOPE {
        @Override
        <T> T run(Context atFork, Callable<T> probe) throws Exception {
            try (var scope = MixedScope.<T>open()) {
                Subtask<T> outer = scope.fork(TaskKind.BLOCKING, () -> {
                    try (var inner = MixedScope.<T>open()) {
                        Subtask<T> subtask = under(atFork, () -> inner.fork(TaskKind.IO, probe));
                        inner.join();
                        return subtask.get();
                    }
                });
                scope.join();
                return outer.get();
            }
        }
    },
    THEN {
        @Override
        <T> T run(Context atFork, Callable<T> probe) throws Exception {
            CountDownLatch released = new CountDownLatch(1);
            try (var scope = MixedScope.<Object>open()) {
                Subtask<Void> first = scope.fork(TaskKind.IO, () -> Patience.await(released));
                Subtask<T> next = under(atFork, () -> first.then(nothing -> probe.call()));
                released.countDown();
                scope.join();
                return next.get();
            }
        }
    },
    MAP {
        @Override
        <T> T run(Context atFork, Callable<T> probe) throws Exception {
            try (var scope = MixedScope.<T>open()) {
                List<T> all =
                        under(atFork, () -> scope.map(TaskKind.BLOCKING, 1, List.of(1, 2, 3), item -> probe.call()));
                scope.join();
                return all.getLast();
            }
        }
    },
    FOR_EACH {
        @Override
        <T> T run(Context atFork, Callable<T> probe) throws Exception {
            CompletableFuture<T> seen = new CompletableFuture<>();
            try (var scope = MixedScope.open()) {
                under(atFork, () -> {
                    scope.forEach(TaskKind.IO, 1, List.of(1), item -> seen.complete(probe.call()));
                    return seen;
                });
                scope.join();
            }
            return seen.get(Patience.LIMIT_SECONDS, TimeUnit.SECONDS);
        }
    },
    RACE {
        @Override
        <T> T run(Context atFork, Callable<T> probe) throws Exception {
            return under(atFork, () -> MixedScope.race(probe::call));
        }
    },
    START {
        @Override
        <T> T run(Context atFork, Callable<T> probe) throws Exception {
            try (var scope = MixedScope.open()) {
                Started<T> started = under(
                        atFork, () -> scope.<T>start(TaskKind.BLOCKING, readiness -> readiness.started(probe.call())));
                scope.join();
                return started.value();
            }
        }
    },
    DAEMON {
        @Override
        <T> T run(Context atFork, Callable<T> probe) throws Exception {
            CompletableFuture<T> seen = new CompletableFuture<>();
            try (var scope = MixedScope.open()) {
                under(atFork, () -> scope.forkDaemon(TaskKind.IO, () -> seen.complete(probe.call())));
                T result = seen.get(Patience.LIMIT_SECONDS, TimeUnit.SECONDS);
                scope.join();
                return result;
            }
        }
    };

    /** Runs code in a subtask that is forked while a context is current, and returns the code's result. */
    abstract <T> T run(Context atFork, Callable<T> probe) throws Exception;

    /** Runs code while a context is current. */
    static <T> T under(Context context, Callable<T> code) throws Exception {
        try (Scope current = context.makeCurrent()) {
            Objects.requireNonNull(current);
            return code.call();
        }
    }

    private static <T> T runForked(
            UnaryOperator<ScopeConfig> configure, TaskKind kind, Context atFork, Callable<T> probe) throws Exception {
        try (var scope = MixedScope.<T>open(configure)) {
            Subtask<T> subtask = under(atFork, () -> scope.fork(kind, probe));
            scope.join();
            return subtask.get();
        }
    }

    // The only permit is held by a subtask that was forked with the context of the caller, and starts the other one.
    private static <T> T runQueued(
            UnaryOperator<ScopeConfig> configure, TaskKind kind, Context atFork, Callable<T> probe) throws Exception {
        CountDownLatch released = new CountDownLatch(1);
        try (var scope =
                MixedScope.<Object>open(configure.apply(ScopeConfig.defaults()).withMaxConcurrent(kind, 1))) {
            scope.fork(kind, () -> Patience.await(released));
            Subtask<T> subtask = under(atFork, () -> scope.fork(kind, probe));
            released.countDown();
            scope.join();
            return subtask.get();
        }
    }
}
