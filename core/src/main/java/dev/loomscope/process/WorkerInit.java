package dev.loomscope.process;

import dev.loomscope.core.Task;
import dev.loomscope.core.TaskAction;
import dev.loomscope.core.TaskContext;
import dev.loomscope.process.TaskCodec.EncodedTask;
import java.io.IOException;
import java.io.ObjectInputFilter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** An action that every worker runs before it is ready: serialized when the pool is configured, and run on a thread of its own. */
final class WorkerInit {

    private static final String NAME = "init of a worker";
    private static final Duration READ_PATIENCE = Duration.ofSeconds(5);
    private static final long MAX_MEMORY = 64 << 20; // bytes of the parent, for what it threw

    private final EncodedTask encoded;
    private final Throwable site = new Throwable("configured here"); // filled here, on the configuring thread
    private final String type;

    private WorkerInit(TaskAction action) {
        this.type = action.getClass().getName();
        this.encoded = TaskCodec.encodeTask(NAME, TaskContext.EMPTY, Task.of(action));
    }

    /**
     * Takes in an action, completely.
     *
     * @throws dev.loomscope.core.TaskNotSerializableException if it, or something that it captured, cannot be sent
     */
    static WorkerInit of(TaskAction action) {
        return new WorkerInit(action);
    }

    /**
     * Guards against an action whose code is not what workers load.
     *
     * @throws CodeChangedException if it was loaded anew since, or replaced
     */
    void ensureCurrent() {
        encoded.classes().forEach(type -> LoadedCode.ensureCurrent(NAME, type));
    }

    /** What a worker is sent to run it; as a task of no number. */
    List<Frame> toFrames() {
        return encoded.payload().toFrames(Frame.Type.TASK, 0);
    }

    /**
     * What it threw in a worker, with the remote stack; in the parent. An exception whose own code goes on for ever while it is read is
     * left behind.
     */
    Throwable decode(Payload failure, String worker, List<String> allowedResults) {
        ObjectInputFilter allowed = allowedResults.isEmpty()
                ? info -> ObjectInputFilter.Status.UNDECIDED
                : ObjectInputFilter.Config.createFilter(String.join(";", allowedResults));
        CompletableFuture<String> timeout = new CompletableFuture<>();
        try {
            PoolTimer.schedule(READ_PATIENCE, () -> timeout.complete("reading it took too long"));
            return ResultReading.call(NAME, timeout, Duration.ZERO, () -> {
                ResultReader reader = new ResultReader(new ResultMemory(MAX_MEMORY));
                RemoteFailure remote = RemoteFailure.read(failure, reader);
                ResultFilter filter = new ResultFilter(encoded, remote.exception().length, allowed);
                Throwable thrown = remote.toThrowable(filter, reader);
                RemoteTrace.extend(thrown, worker, site);
                return thrown;
            });
        } catch (Exception | Error e) {
            return ResultRejectedException.unreadable(NAME, e);
        }
    }

    /** Names the class of the action. */
    @Override
    public String toString() {
        return type;
    }

    /** An action in its worker. */
    static final class Arrived {

        private final Payload payload;
        private volatile @Nullable Callable<?> task; // its thread only, then whoever has waited for that
        private volatile @Nullable Throwable thrown; // its thread only, then whoever has waited for that

        Arrived(Payload payload) {
            this.payload = payload;
        }

        /**
         * Runs it in these settings, on a thread that nothing else runs on: an interrupt of the calling thread would close the channel.
         *
         * @return what it threw; null if it has succeeded
         */
        @Nullable
        Throwable run(WorkerWorld world) throws IOException {
            Thread thread = Thread.ofPlatform().daemon().name("loom-scope-init").start(() -> call(world));
            try {
                thread.join();
            } catch (InterruptedException e) {
                throw new IOException("the channel's thread was interrupted", e);
            }
            return thrown;
        }

        private void call(WorkerWorld world) {
            try {
                world.establish();
                ArrivedTask arrived = new ArrivedTask(payload);
                arrived.readContext();
                Callable<?> read = arrived.readTask();
                task = read;
                read.call();
            } catch (Throwable e) {
                thrown = e;
            }
        }

        /** The action, for workers of this worker. */
        @Nullable
        TaskAction action() {
            return task instanceof TaskAction action ? action : null;
        }
    }
}
