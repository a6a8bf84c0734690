package dev.loomscope.process;

import dev.loomscope.core.TaskAction;
import dev.loomscope.event.ScopeListener;
import java.io.ObjectInputFilter;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.StringJoiner;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link ProcessPool} behaves. Immutable; each {@code with} method returns a changed copy.
 *
 * <p>An option is four things: a field in {@link Values} with its default, the method that reads it, the one that changes it,
 * which checks, and a line in {@link #toString}.
 */
public final class ProcessPoolConfig {

    private static final int MIN_HEAP_MIB = 16;
    private static final int MIB = 1 << 20;
    private static final int DEFAULT_HEAP_MIB = 512;
    private static final int MAX_NICENESS = 19;
    private static final ProcessPoolConfig DEFAULTS = new ProcessPoolConfig(new Values());

    private final Values values; // nobody changes them any more

    private ProcessPoolConfig(Values values) {
        this.values = values;
    }

    /**
     * As many workers as there are processors and as fit in half of the memory of this machine or container, heaps of 512 MiB (less
     * where that half is smaller), retired after 30 s of idling, killed 250 ms after a cancel, 30 s to start.
     */
    public static ProcessPoolConfig defaults() {
        return DEFAULTS;
    }

    /** What threads, logs and messages call the pool. */
    public String name() {
        return values.name;
    }

    /**
     * With this name.
     *
     * @throws IllegalArgumentException if it is blank
     */
    public ProcessPoolConfig withName(String name) {
        if (name.isBlank()) {
            throw new IllegalArgumentException("the name of a process pool must not be blank");
        }
        return with(changed -> changed.name = name);
    }

    /** How many worker processes there are at most, at least 1; they start when needed. */
    public int workers() {
        return values.workers;
    }

    /**
     * With at most this many workers.
     *
     * @throws IllegalArgumentException if it is below 1
     */
    public ProcessPoolConfig withWorkers(int workers) {
        if (workers < 1) {
            throw new IllegalArgumentException("pool '%s' needs at least 1 worker, not %s".formatted(name(), workers));
        }
        return with(changed -> changed.workers = workers);
    }

    /** The largest heap of each worker, in MiB, at least 16. */
    public int maxHeapMiB() {
        return values.maxHeapMiB;
    }

    /**
     * With heaps of at most this many MiB.
     *
     * @throws IllegalArgumentException if it is below 16
     */
    public ProcessPoolConfig withMaxHeapMiB(int maxHeapMiB) {
        if (maxHeapMiB < MIN_HEAP_MIB) {
            throw new IllegalArgumentException("workers of pool '%s' need a heap of at least %s MiB, not %s"
                    .formatted(name(), MIN_HEAP_MIB, maxHeapMiB));
        }
        return with(changed -> changed.maxHeapMiB = maxHeapMiB);
    }

    /** How large the heaps of all workers together may be, in MiB. */
    public int memoryBudgetMiB() {
        return values.memoryBudgetMiB;
    }

    /**
     * With so many workers at most that their heaps fit in this, in MiB. Without it, that is half of what this machine or container
     * has. Workers in excess are not started, which the log says when the pool is opened; no heap is made smaller. If not even one
     * fits, the pool is not opened.
     *
     * <p>A worker with a larger heap, which a task asked for, counts with that: it is started when it fits, idle ones are retired for
     * it, and while it is there, others that no longer fit are not started. A task that asks for more than the budget is refused.
     *
     * <p>It counts heaps, of workers that have a task, are free for one or are starting. A JVM needs some 50 MiB besides; one that
     * is just ending, and a {@code -Xmx} among the JVM options, are not seen; each pool has a budget of its own.
     *
     * @throws IllegalArgumentException if it is below 1
     */
    public ProcessPoolConfig withMemoryBudgetMiB(int memoryBudgetMiB) {
        ensureAtLeast(1, "memoryBudgetMiB", memoryBudgetMiB);
        return with(changed -> changed.memoryBudgetMiB = memoryBudgetMiB);
    }

    /** How many tasks a worker has at most; 0 for any number. */
    public int maxTasksPerWorker() {
        return values.maxTasksPerWorker;
    }

    /**
     * With workers that are retired after so many tasks; 0 for never. Another one starts meanwhile.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public ProcessPoolConfig withMaxTasksPerWorker(int maxTasksPerWorker) {
        ensureAtLeast(0, "maxTasksPerWorker", maxTasksPerWorker);
        return with(changed -> changed.maxTasksPerWorker = maxTasksPerWorker);
    }

    /** How old a worker gets before it is retired; null for any age. */
    public @Nullable Duration maxWorkerAge() {
        return values.maxWorkerAge;
    }

    /**
     * With workers that are retired at this age: at once if they are idle, or else when their task has ended. Another one starts
     * meanwhile.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public ProcessPoolConfig withMaxWorkerAge(Duration maxWorkerAge) {
        ensurePositive("maxWorkerAge", maxWorkerAge);
        return with(changed -> changed.maxWorkerAge = maxWorkerAge);
    }

    /** How much a worker's heap may hold between tasks, in MiB; 0 for any amount. */
    public int maxRetainedHeapMiB() {
        return values.maxRetainedHeapMiB;
    }

    /**
     * With workers that are retired when their heap holds this many MiB or more after a task and a garbage collection, as it does when
     * tasks leave something behind in static fields or thread locals; 0 for never. Another one starts meanwhile. It is found out while
     * nobody waits for it, so that the worker may have had one more task by then. Each collection costs the next task some ms; there is
     * none as long as the heap holds less, garbage included.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public ProcessPoolConfig withMaxRetainedHeapMiB(int maxRetainedHeapMiB) {
        ensureAtLeast(0, "maxRetainedHeapMiB", maxRetainedHeapMiB);
        return with(changed -> changed.maxRetainedHeapMiB = maxRetainedHeapMiB);
    }

    /** How large all tasks together may be that were forked and have no worker yet, in bytes. */
    public long maxQueuedBytes() {
        return values.maxQueuedBytes;
    }

    /**
     * With a bound on the size of all tasks together that were forked and have no worker yet, in bytes as they are sent. Without it,
     * that is a quarter of this JVM's largest heap.
     *
     * <p>A fork neither waits nor drops anything: beyond the bound it throws a {@link
     * java.util.concurrent.RejectedExecutionException}. {@code map} and {@code forEach} wait for room instead. A task of any size is
     * taken while no other waits.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public ProcessPoolConfig withMaxQueuedBytes(long maxQueuedBytes) {
        ensureAtLeast(0, "maxQueuedBytes", maxQueuedBytes);
        return with(changed -> changed.maxQueuedBytes = maxQueuedBytes);
    }

    /** Whether JMX shows the pool. */
    public boolean jmx() {
        return values.jmx;
    }

    /** With or without a {@link ProcessPoolMXBean} for the time that the pool is open. */
    public ProcessPoolConfig withJmx(boolean jmx) {
        return with(changed -> changed.jmx = jmx);
    }

    /** How much workers yield the processors to others, from 0 to 19. */
    public int niceness() {
        return values.niceness;
    }

    /**
     * With workers that yield the processors to others, this JVM among them, as {@code nice -n} does: from 0, not at all, to 19. On a
     * system without {@code nice} it has no effect, which the log says once.
     *
     * @throws IllegalArgumentException if it is out of this range
     */
    public ProcessPoolConfig withNiceness(int niceness) {
        if (niceness < 0 || niceness > MAX_NICENESS) {
            throw new IllegalArgumentException(
                    "niceness of pool '%s' must be from 0 to %s, not %s".formatted(name(), MAX_NICENESS, niceness));
        }
        return with(changed -> changed.niceness = niceness);
    }

    /** How long a worker may be idle before it is retired. */
    public Duration idleTimeout() {
        return values.idleTimeout;
    }

    /**
     * With workers that are retired after this time of idling.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public ProcessPoolConfig withIdleTimeout(Duration idleTimeout) {
        ensureNotNegative("idleTimeout", idleTimeout);
        return with(changed -> changed.idleTimeout = idleTimeout);
    }

    /** How long a cancelled task may go on before its worker is killed; zero kills at once. */
    public Duration cancelGrace() {
        return values.cancelGrace;
    }

    /**
     * With this grace period between the cancel of a task and the kill of its worker; zero kills at once.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public ProcessPoolConfig withCancelGrace(Duration cancelGrace) {
        ensureNotNegative("cancelGrace", cancelGrace);
        return with(changed -> changed.cancelGrace = cancelGrace);
    }

    /** How long tasks may go on when this JVM is shutting down, while other shutdown hooks run. */
    public Duration shutdownGrace() {
        return values.shutdownGrace;
    }

    /**
     * With this limit on the time that tasks may go on when this JVM is shutting down: after SIGTERM, SIGINT or {@code System.exit}.
     * Tasks that were forked before the shutdown began, running or waiting, go on as long as other shutdown hooks run, such as a
     * framework's that lets requests end. After this time they are cancelled, and after the {@linkplain #withCancelGrace cancel grace}
     * killed. Tasks that are forked later fail with a {@link java.util.concurrent.RejectedExecutionException}.
     *
     * <p>It delays no exit: when the other hooks have ended, this JVM exits and its workers are killed, whatever they are doing.
     *
     * <p>It is 25 s by default, less than the 30 s after which Spring Boot closes the connections of its requests and Kubernetes kills a
     * container, so that there is time left to answer with an error. Zero cancels tasks as soon as the shutdown begins.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public ProcessPoolConfig withShutdownGrace(Duration shutdownGrace) {
        ensureNotNegative("shutdownGrace", shutdownGrace);
        return with(changed -> changed.shutdownGrace = shutdownGrace);
    }

    /** How long a worker may take from its start until it is ready, and later until it begins a task that it is sent. */
    public Duration startTimeout() {
        return values.startTimeout;
    }

    /**
     * With this bound on the start of a worker, and later on its beginning with a task.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public ProcessPoolConfig withStartTimeout(Duration startTimeout) {
        ensurePositive("startTimeout", startTimeout);
        return with(changed -> changed.startTimeout = startTimeout);
    }

    /** Further options of the workers' JVMs, after ours, so that they win. */
    public List<String> jvmOptions() {
        return values.jvmOptions;
    }

    /** With these further JVM options for workers: {@code withJvmOptions("-Xss4m", "-Dkey=value")}. */
    public ProcessPoolConfig withJvmOptions(String... options) {
        List<String> more = concat(jvmOptions(), List.of(options));
        return with(changed -> changed.jvmOptions = more);
    }

    /**
     * Patterns of classes that results may hold besides value types of the JDK and the task's own code, in the syntax of {@code
     * jdk.serialFilter}: {@code com.acme.Order}, {@code com.acme.*}, {@code com.acme.**}.
     */
    public List<String> allowedResults() {
        return values.allowedResults;
    }

    /**
     * With these further classes allowed in results: {@code withAllowedResults("com.acme.model.*")}.
     *
     * @throws IllegalArgumentException if a pattern is malformed
     */
    public ProcessPoolConfig withAllowedResults(String... patterns) {
        List<String> more = concat(allowedResults(), List.of(patterns));
        more.forEach(ObjectInputFilter.Config::createFilter); // throws on a malformed pattern
        return with(changed -> changed.allowedResults = more);
    }

    /**
     * How much memory of this JVM the results of workers may take at one time while they arrive and are read, in MiB; by default
     * half of the largest heap of this JVM.
     */
    public int maxResultMiB() {
        return values.maxResultMiB;
    }

    /**
     * With at most this many MiB of this JVM for the results of workers, while they arrive and are read. A result takes its size as
     * it was sent, and about the size of its objects. A task whose result does not fit fails, with a message that says how much it
     * needs.
     *
     * @throws IllegalArgumentException if it is below 1
     */
    public ProcessPoolConfig withMaxResultMiB(int maxResultMiB) {
        if (maxResultMiB < 1) {
            throw new IllegalArgumentException(
                    "results of pool '%s' need at least 1 MiB, not %s".formatted(name(), maxResultMiB));
        }
        return with(changed -> changed.maxResultMiB = maxResultMiB);
    }

    /** Which variables of the environment workers get besides those that all get: names, or beginnings of names and a star. */
    public List<String> environment() {
        return values.environment;
    }

    /**
     * With these further variables of this JVM's environment for workers, as far as they are set: {@code
     * withEnvironment("AWS_REGION", "OMP_*")}; {@code "*"} for all.
     *
     * <p>In any case workers get what says where and in what language they run: {@code PATH}, {@code HOME}, {@code USER}, {@code
     * LOGNAME}, {@code SHELL}, {@code HOSTNAME}, {@code LANG}, {@code LANGUAGE}, {@code LC_*}, {@code TZ}, {@code TMPDIR}, {@code
     * JAVA_HOME}, {@code LD_LIBRARY_PATH}, {@code MALLOC_ARENA_MAX}, {@code LOOM_SCOPE_*}, and their like on macOS and Windows. In no
     * case do they get {@code JAVA_TOOL_OPTIONS}, {@code JDK_JAVA_OPTIONS} and {@code _JAVA_OPTIONS}.
     *
     * @throws IllegalArgumentException if one is blank, has an equals sign, or a star that is not its end
     */
    public ProcessPoolConfig withEnvironment(String... names) {
        for (String name : names) {
            int star = name.indexOf('*');
            if (name.isBlank() || name.contains("=") || (star >= 0 && star < name.length() - 1)) {
                throw new IllegalArgumentException(
                        "pool '%s' can give its workers no environment variable '%s': name one that this JVM has, or the beginning of its name and a star; give values of your own with withJvmOptions(\"-Dkey=value\")"
                                .formatted(name(), name));
            }
        }
        List<String> more = concat(environment(), List.of(names));
        return with(changed -> changed.environment = more);
    }

    /** Which system properties workers get besides those that all get: names, or beginnings of names and a star. */
    public List<String> systemProperties() {
        return values.systemProperties;
    }

    /**
     * With these further system properties of this JVM for the tasks of workers: {@code withSystemProperties("acme.mode",
     * "com.acme.*")}; {@code "*"} for all. A task finds the value of its fork, or none if there was none, whatever a task before it has
     * set. A value that is not a String counts as none, as it does for {@link System#getProperty}. An exact name costs each fork some
     * nanoseconds, a star some microseconds.
     *
     * <p>In any case tasks get {@code java.io.tmpdir}, {@code user.dir}, {@code user.home}, {@code user.name}, {@code user.timezone},
     * {@code user.language}, {@code user.script}, {@code user.country}, {@code user.variant}, {@code line.separator} and {@code
     * file.encoding}. In no case do they get those that describe a JVM, as {@code java.home}, {@code java.class.path}, {@code
     * java.version}, {@code java.vm.*}, {@code os.name}, {@code stdout.encoding}, and {@code loom.scope.*}: a star leaves them out. What
     * {@link #withJvmOptions} sets by {@code -D} stays as it is there.
     *
     * <p>Values travel over the private channel to the worker, never on its command line. So a property that the JDK reads only while a
     * JVM starts, as {@code java.net.preferIPv4Stack}, needs {@link #withJvmOptions}.
     *
     * @throws IllegalArgumentException if one is blank, is not the name of a property, has a star that is not its end, or names one
     *     that no worker gets
     */
    public ProcessPoolConfig withSystemProperties(String... patterns) {
        for (String pattern : patterns) {
            CarriedProperties.ensureSensible(name(), Objects.requireNonNull(pattern, "pattern"));
        }
        List<String> more = concat(systemProperties(), List.of(patterns));
        return with(changed -> changed.systemProperties = more);
    }

    /** What the files of its workers are called. */
    String label() {
        return values.label;
    }

    ProcessPoolConfig withLabel(String label) {
        return with(changed -> changed.label = label);
    }

    /**
     * With this action, which every worker runs before it is ready for tasks: to load a library, set properties, warm up code. It is
     * serialized here. If it throws, the start of the worker has failed: it is tried again, later each time, and tasks that wait
     * fail after a few tries with what it threw last. The time that it takes counts for the {@linkplain #withStartTimeout start}.
     *
     * <p>It runs with the settings of this JVM at the start of the worker. What it does to statics, {@code System.out} or properties that
     * are not {@linkplain #withSystemProperties carried} stays for the tasks; the default time zone and locale do not. It runs on a thread of its own, so that thread
     * locals do not; a {@link WorkerLocal} does. Workers {@linkplain ProcessPool#shared() of a worker} run it too.
     *
     * @throws dev.loomscope.core.TaskNotSerializableException if it, or something that it captured, cannot be sent
     */
    public ProcessPoolConfig withWorkerInit(TaskAction action) {
        WorkerInit init = WorkerInit.of(Objects.requireNonNull(action, "action"));
        return with(changed -> changed.workerInit = init);
    }

    @Nullable
    WorkerInit workerInit() {
        return values.workerInit;
    }

    ProcessPoolConfig withoutWorkerInit() {
        return with(changed -> changed.workerInit = null);
    }

    /** Whether each task has a worker to itself. */
    public boolean singleUse() {
        return values.singleUse;
    }

    /**
     * With a fresh worker for each task: nothing that a task changes in its JVM, or leaves behind in it, is there for another one. The
     * worker ends with its task. The next one is started ahead of need: while the task runs, as long as there are fewer than {@link
     * #workers}, or else when it has ended.
     */
    public ProcessPoolConfig withSingleUse() {
        return with(changed -> changed.singleUse = true);
    }

    /** Whether workers start with an archive of loaded classes. */
    public boolean startArchive() {
        return values.startArchive;
    }

    /**
     * With or without an archive of loaded classes, with which a worker is ready in about half of the time. It is built where there is
     * none: once a task is done and the pool is still open 2 s later, in the background, by one more process. It is kept in the user's
     * cache folder for the next time, or in the folder that the system property {@code loom.scope.cache} names; there are 256 MiB of
     * them at most.
     *
     * <p>Nobody needs it: where it cannot be made or used, workers start without, as with folders of classes on the class path.
     */
    public ProcessPoolConfig withStartArchive(boolean startArchive) {
        return with(changed -> changed.startArchive = startArchive);
    }

    /** Those who hear of the workers' lives. */
    public List<ScopeListener> listeners() {
        return values.listeners;
    }

    /** With one more listener. */
    public ProcessPoolConfig withListener(ScopeListener listener) {
        List<ScopeListener> more = concat(listeners(), List.of(listener));
        return with(changed -> changed.listeners = more);
    }

    @Override
    public String toString() {
        return new StringJoiner(", ", "ProcessPoolConfig[", "]")
                .add("name=" + name())
                .add("workers=" + workers())
                .add("maxHeapMiB=" + maxHeapMiB())
                .add("memoryBudgetMiB=" + memoryBudgetMiB())
                .add("maxTasksPerWorker=" + maxTasksPerWorker())
                .add("maxWorkerAge=" + maxWorkerAge())
                .add("maxRetainedHeapMiB=" + maxRetainedHeapMiB())
                .add("maxQueuedBytes=" + maxQueuedBytes())
                .add("jmx=" + jmx())
                .add("niceness=" + niceness())
                .add("idleTimeout=" + idleTimeout())
                .add("cancelGrace=" + cancelGrace())
                .add("shutdownGrace=" + shutdownGrace())
                .add("startTimeout=" + startTimeout())
                .add("jvmOptions=" + jvmOptions())
                .add("allowedResults=" + allowedResults())
                .add("maxResultMiB=" + maxResultMiB())
                .add("environment=" + environment())
                .add("systemProperties=" + systemProperties())
                .add("workerInit=" + workerInit())
                .add("singleUse=" + singleUse())
                .add("startArchive=" + startArchive())
                .add("listeners=" + listeners())
                .toString();
    }

    private ProcessPoolConfig with(Consumer<Values> change) {
        Values changed = values.copy();
        change.accept(changed);
        return new ProcessPoolConfig(changed);
    }

    private void ensureNotNegative(String what, Duration value) {
        if (value.isNegative()) {
            throw new IllegalArgumentException(
                    "%s of pool '%s' must not be negative: %s".formatted(what, name(), value));
        }
    }

    private void ensureAtLeast(long least, String what, long value) {
        if (value < least) {
            throw new IllegalArgumentException(
                    "%s of pool '%s' must be at least %s, not %s".formatted(what, name(), least, value));
        }
    }

    private void ensurePositive(String what, Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(
                    "%s of pool '%s' must be positive, not %s".formatted(what, name(), value));
        }
    }

    private static <T> List<T> concat(List<T> some, List<T> more) {
        return Stream.concat(some.stream(), more.stream()).toList();
    }

    /** The options, with their defaults. Changed only while a configuration is being made. */
    private static final class Values implements Cloneable {
        private String name = "cpu";
        private int workers = Runtime.getRuntime().availableProcessors();
        private int maxHeapMiB = Math.clamp(MachineMemory.HALF_MIB, MIN_HEAP_MIB, DEFAULT_HEAP_MIB);
        private int memoryBudgetMiB = Math.max(MachineMemory.HALF_MIB, MIN_HEAP_MIB);
        private int maxTasksPerWorker;
        private @Nullable Duration maxWorkerAge;
        private int maxRetainedHeapMiB;
        private long maxQueuedBytes = Runtime.getRuntime().maxMemory() / 4;
        private boolean jmx;
        private int niceness;
        private Duration idleTimeout = Duration.ofSeconds(30);
        private Duration cancelGrace = Duration.ofMillis(250);
        private Duration shutdownGrace = Duration.ofSeconds(25);
        private Duration startTimeout = Duration.ofSeconds(30);
        private List<String> jvmOptions = List.of();
        private List<String> allowedResults = List.of();
        private int maxResultMiB = Math.clamp(Runtime.getRuntime().maxMemory() / 2 / MIB, 1, Integer.MAX_VALUE);
        private List<String> environment = List.of();
        private List<String> systemProperties = List.of();
        private String label = ""; // that of the pool; "" before it is open
        private @Nullable WorkerInit workerInit;
        private boolean singleUse;
        private boolean startArchive = true;
        private List<ScopeListener> listeners = List.of();

        Values copy() {
            try {
                return (Values) clone();
            } catch (CloneNotSupportedException e) {
                throw new AssertionError(e);
            }
        }
    }
}
