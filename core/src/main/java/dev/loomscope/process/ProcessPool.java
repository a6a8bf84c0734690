package dev.loomscope.process;

import dev.loomscope.core.CpuBackend;
import dev.loomscope.core.CpuExecution;
import dev.loomscope.core.CpuRequest;
import dev.loomscope.process.TaskCodec.EncodedTask;
import java.io.ObjectInputFilter;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs CPU tasks in worker processes: child JVMs with one task in flight each, so that a task that crashes or does not listen costs
 * its own process and nothing else.
 *
 * <p>Workers start when they are needed, up to the configured number; the most recently used one gets the next task, so that those
 * in excess become idle and are retired. Tasks that find no worker wait in a queue in this JVM: scopes take turns, one task each,
 * and the tasks of one scope are served in the order they came. A worker whose task goes on after a cancel and a grace period is
 * killed together with its descendants, and replaced. A worker that ends by itself fails the one task it had, with a {@link
 * WorkerCrashedException}, and is replaced.
 *
 * <p>A worker that does not even begin its task, for as long as one may take to start, stands still: it is killed, and the task is
 * given to another one, once. What begins and then stands still can only be told from what computes for long by its deadline: set
 * one, or cancel it.
 *
 * <p>Time in which this JVM itself stands still, stopped or in a long garbage collection, is nobody's fault: no worker is killed for
 * it.
 *
 * <p>A task finds the default time zone, the default locale, the default assertion status and the basic system properties as they
 * are in this JVM when it is forked, also if they were set at run time; further properties are {@link
 * ProcessPoolConfig#withSystemProperties}. The guide has a table of what is the same in a worker.
 *
 * <p>Tasks of one worker share its JVM: what one changes in statics, other system properties or the like is there for the next one
 * in that worker. Put back after each task are the standard streams, the MDC, and the name, priority, context class
 * loader and interrupt flag of its thread; and before each task, the settings above. Threads that a task leaves behind go on until their worker ends; so do processes, which
 * are killed then, except those that were started without {@code LOOM_SCOPE_WORKER} in their environment. With {@link
 * ProcessPoolConfig#withSingleUse} no two tasks share a JVM. Workers leave SIGINT,
 * SIGTERM and SIGHUP to this JVM: Ctrl-C, or a kill of the whole group, ends them when it ends this one.
 *
 * <p>Workers load their classes from the files of the class path, so these must be what this JVM has loaded. If a jar or a class was
 * replaced since, {@link #prepare} throws a {@link CodeChangedException}, and no worker is started. Tasks that run or wait at that moment
 * end as usual in workers that still have the old files open, and fail with the same exception in all others. Classes that another
 * class loader has loaded anew are no obstacle: workers with the old ones are retired.
 *
 * <p>When this JVM shuts down, tasks that were forked before go on while other shutdown hooks run, within the {@linkplain
 * ProcessPoolConfig#withShutdownGrace shutdown grace}; tasks that are forked later fail with a {@link
 * java.util.concurrent.RejectedExecutionException}. When no other hook is running any more, all workers are killed.
 *
 * <p>No worker outlives this JVM: not its normal exit, and not its death by more than two seconds.
 *
 * <p>Use {@link #shared()} unless a group of tasks needs a bound or a configuration of its own. Thread-safe.
 */
public final class ProcessPool implements CpuBackend, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ProcessPool.class);
    private static final SharedPool SHARED =
            new SharedPool(Nesting::sharedConfig, config -> new ProcessPool(config, true, PoolThreads.daemons()));

    private final ProcessPoolConfig config;
    private final boolean ambient;
    private final PoolDispatcher dispatcher;
    private final ObjectInputFilter allowedByName;
    private final PayloadLimit limit;
    private final WorldCapture world;
    private final WorkerLabel label;
    private final @Nullable PoolMBean bean; // if JMX shows it
    private final AtomicLong jobIds = new AtomicLong();

    private ProcessPool(ProcessPoolConfig config, boolean ambient, PoolThreads threads) {
        this.config = config;
        this.ambient = ambient;
        ProcessPoolConfig unlabelled = MemoryBudget.fit(config);
        this.label = WorkerLabel.take(config.name());
        ProcessPoolConfig fitting = unlabelled.withLabel(label.text());
        this.world = new WorldCapture(config);
        this.dispatcher = new PoolDispatcher(fitting, threads);
        this.allowedByName = config.allowedResults().isEmpty()
                ? info -> ObjectInputFilter.Status.UNDECIDED
                : ObjectInputFilter.Config.createFilter(String.join(";", config.allowedResults()));
        this.limit = PayloadLimit.ofTasks(config);
        this.bean = config.jmx() ? new PoolMBean(config.name(), dispatcher::stats) : null;
        log.info(
                "process pool '{}' opened: up to {} workers of {} MiB",
                config.name(),
                fitting.workers(),
                config.maxHeapMiB());
    }

    /**
     * Returns the pool that all callers in this JVM share, or more exactly, all that use the same copy of this class. It has the
     * default configuration unless {@link #configureShared} has set another. It starts nothing until its first task, retires idle
     * workers and ends with the JVM.
     *
     * <p>{@link #close} has no effect on it, so that no user of the pool closes it for the others; {@link #closeShared} closes it.
     * The next call after that opens a fresh pool. A pool that was obtained before stays closed, so call this method for each use
     * instead of keeping the pool.
     *
     * <p>In a worker it is a pool of the worker's own, of one worker, configured as the pool that the worker is of: the CPU tasks
     * that a CPU task forks run there, one at a time, and never wait for a worker of the pool above.
     *
     * @throws IllegalArgumentException if its memory budget has no room for a single worker
     */
    public static ProcessPool shared() {
        return SHARED.get();
    }

    /**
     * Sets the configuration of the {@linkplain #shared() shared} pool: {@code configureShared(c -> c.withWorkers(2))}. Call it once,
     * at the start of the program, before the first CPU task. It opens nothing.
     *
     * <p>The pool belongs to the whole application, so libraries should leave its configuration to the application. In a worker this
     * configures the shared pool of that worker.
     *
     * @param configure gets the configuration that the shared pool would have otherwise and returns the one to use; what it throws is
     *     thrown here
     * @throws IllegalStateException if the shared pool has been used, or has been configured, since the start of this JVM or the last
     *     {@link #closeShared}; the message says where
     */
    public static void configureShared(UnaryOperator<ProcessPoolConfig> configure) {
        SHARED.configure(configure);
    }

    /**
     * Closes the {@linkplain #shared() shared} pool as {@link #close} closes others: tasks that wait fail, tasks that run are
     * cancelled, and this method returns when its workers are gone. Until then, further tasks are refused with an {@link
     * IllegalStateException}. It has no effect if the pool was not used.
     *
     * <p>For the end of an application that shares its JVM with others, such as a web application or a plug-in; the end of the JVM
     * needs no such call. Afterwards everything is as if the pool had never been used: {@link #configureShared} may be called again,
     * and the next use opens a fresh pool, with the default configuration unless another was set by then.
     */
    public static void closeShared() {
        SHARED.close();
    }

    /** Opens a pool with the default configuration. */
    public static ProcessPool open() {
        return open(ProcessPoolConfig.defaults());
    }

    /**
     * Opens a pool: {@code open(c -> c.withWorkers(4))}.
     *
     * @param configure gets the default configuration and returns the one to use
     * @throws IllegalArgumentException if its memory budget has no room for a single worker
     */
    public static ProcessPool open(UnaryOperator<ProcessPoolConfig> configure) {
        return open(configure.apply(ProcessPoolConfig.defaults()));
    }

    /**
     * Opens a pool with this configuration. It starts no worker until its first task.
     *
     * @throws IllegalArgumentException if its memory budget has no room for a single worker
     */
    public static ProcessPool open(ProcessPoolConfig config) {
        return open(config, PoolThreads.daemons());
    }

    static ProcessPool open(ProcessPoolConfig config, PoolThreads threads) {
        return new ProcessPool(config, false, threads);
    }

    /** The configuration it was opened with. */
    public ProcessPoolConfig config() {
        return config;
    }

    /**
     * Starts workers ahead of need, so that this many are live, but no more than the pool may have. Returns at once.
     *
     * <p>They are idle workers like any other: retired when nobody has used them for the idle timeout.
     *
     * @return how many are live when all starts that are under way now are over; fewer than asked for, if starts have just failed and
     *     none is made at the moment. Fails with a {@link WorkerStartException} if one of them fails.
     * @throws IllegalArgumentException if the number is below 1
     * @throws IllegalStateException if the pool is closed
     */
    public CompletableFuture<Integer> prewarm(int workers) {
        if (workers < 1) {
            throw new IllegalArgumentException("at least 1 worker can be prewarmed, not " + workers);
        }
        return dispatcher.prewarm(workers);
    }

    /** What is in this pool now, and what has happened in it. */
    public ProcessPoolStats stats() {
        return dispatcher.stats();
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if the task asks for a larger heap than all workers together may have
     * @throws IllegalStateException also if this process is a worker of a worker of a worker: those have none of their own
     * @throws CodeChangedException if a worker would run other code, since files of the class path were replaced
     */
    @Override
    public <T extends @Nullable Object> CpuExecution<T> prepare(CpuRequest<T> request) {
        return prepare(request, null);
    }

    private <T extends @Nullable Object> CpuExecution<T> prepare(CpuRequest<T> request, @Nullable ParentWorld known) {
        boolean late = Shutdown.hasCertainlyBegun();
        ParentWorld settings = known == null ? world.now() : known;
        boolean warm = dispatcher.ensureOpen();
        EncodedTask encoded = encode(request);
        int epoch = dispatcher.ensureCodeUnchanged(request.name(), warm);
        if (late) {
            return job(request, encoded, epoch, settings).markLate();
        }
        dispatcher.room().take(request.name(), encoded.payload().size());
        return job(request, encoded, epoch, settings);
    }

    @Override
    public <T extends @Nullable Object> CpuExecution<T> prepareWhenRoom(CpuRequest<T> request)
            throws InterruptedException {
        boolean late = Shutdown.hasCertainlyBegun();
        ParentWorld settings = world.now();
        boolean warm = dispatcher.ensureOpen();
        EncodedTask encoded = encode(request);
        int epoch = dispatcher.ensureCodeUnchanged(request.name(), warm);
        if (late) {
            return job(request, encoded, epoch, settings).markLate();
        }
        dispatcher.room().await(encoded.payload().size());
        return job(request, encoded, epoch, settings);
    }

    /** {@inheritDoc} Those are the default time zone, the default locale and the system properties that workers follow. */
    @Override
    public CpuBackend asOfNow() {
        ParentWorld settings = world.now();
        return new CpuBackend() {
            @Override
            public <T extends @Nullable Object> CpuExecution<T> prepare(CpuRequest<T> request) {
                return ProcessPool.this.prepare(request, settings);
            }
        };
    }

    private EncodedTask encode(CpuRequest<?> request) {
        Nesting.ensureMayHaveWorkers(request.name());
        MemoryBudget.ensureFits(request.name(), request.heapMiB(), config);
        PoolTimer.ensureRunning(); // while it can still be refused: later it would cost a kill
        return TaskCodec.encodeTask(request, limit(request));
    }

    private <T extends @Nullable Object> PoolJob<T> job(
            CpuRequest<T> request, EncodedTask encoded, int epoch, ParentWorld settings) {
        return new PoolJob<>(dispatcher, allowedByName, jobIds.incrementAndGet(), request, encoded, epoch, settings);
    }

    private PayloadLimit limit(CpuRequest<?> request) {
        int heapMiB = request.heapMiB();
        return heapMiB <= config.maxHeapMiB() ? limit : PayloadLimit.ofTasks(config.withMaxHeapMiB(heapMiB));
    }

    /**
     * Ends all workers and waits until they are gone. Tasks that wait fail; tasks that run are cancelled, and their workers killed
     * after the grace period. Listeners have a second to hear the last events. Closing twice has no effect, nor has closing the
     * {@linkplain #shared() shared} pool: for that there is {@link #closeShared}.
     */
    @Override
    public void close() {
        if (!ambient) {
            end();
        }
    }

    /** Closes this pool, also if it is the shared one. */
    void end() {
        try {
            dispatcher.close();
            ClassPreload.awaitEnd();
        } finally {
            label.giveBack();
            if (bean != null) {
                bean.unregister();
            }
        }
    }

    @Override
    public String toString() {
        return "ProcessPool[%s: %s]".formatted(config.name(), dispatcher.describe());
    }
}
