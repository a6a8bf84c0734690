package dev.loomscope.process;

import java.util.List;
import java.util.regex.Pattern;

/** What to do about a worker whose JVM did not start, as far as its last words tell. */
final class StartAdvice {

    private static final List<String> MEMORY = List.of(
            "Could not reserve enough space",
            "object heap",
            "exceeds the maximum representable size",
            "insufficient memory",
            "Cannot allocate memory",
            "unable to create native thread");
    private static final List<String> OPTIONS = List.of(
            "Unrecognized", "Could not create the Java Virtual Machine", "Error occurred during initialization of VM");
    // The numbers of the system, in the words of JDK 21 and of later ones.
    private static final Pattern NO_MEMORY = Pattern.compile("error(=|: )12\\b");
    private static final Pattern TOO_LONG = Pattern.compile("error(=|: )7\\b");

    private StartAdvice() {}

    /** Returns it as a sentence with a blank before it, or nothing; {@code exit} is how it ended, if it has. */
    static String of(String printed, WorkerExit exit, ProcessPoolConfig config) {
        if (printed.contains("UnsupportedClassVersionError")) {
            return " The java in %s is older than the one that runs here: if it was replaced meanwhile, restart this JVM."
                    .formatted(System.getProperty("java.home"));
        }
        if (printed.contains("Could not find or load main class " + WorkerMain.class.getName())) {
            return " The classes of loom-scope are not where a new JVM looks: this one got them from %s by %s. Put them on its class path."
                    .formatted(origin(), WorkerMain.class.getClassLoader());
        }
        if (MEMORY.stream().anyMatch(printed::contains)) {
            return " It seems that there is not enough memory for it: %s, or give more.".formatted(needLess(config));
        }
        if (!config.jvmOptions().isEmpty() && OPTIONS.stream().anyMatch(printed::contains)) {
            return " Correct withJvmOptions(...).";
        }
        if (exit.signal() != null && LiveProcesses.isExiting()) {
            return " " + WorkerExit.ofShutdown();
        }
        return "SIGKILL".equals(exit.signal())
                ? " It was killed, but not by this JVM; possibly by the system because memory is short: %s."
                        .formatted(needLess(config))
                : "";
    }

    private static String needLess(ProcessPoolConfig config) {
        return "lower %s or withWorkers(%s)".formatted(HeapBound.describe(config), config.workers());
    }

    /** As {@link #of}, for one that took too long. */
    static String ofTimeout(ProcessPoolConfig config) {
        String init = config.workerInit() == null ? "" : " Look at what the action of withWorkerInit waits for.";
        return "%s If this machine was busy, raise withStartTimeout (%s ms) or lower withWorkers(%s)."
                .formatted(init, config.startTimeout().toMillis(), config.workers());
    }

    private static Object origin() {
        var source = WorkerMain.class.getProtectionDomain().getCodeSource();
        return source == null || source.getLocation() == null ? "memory" : source.getLocation();
    }

    /** As {@link #of}, for a process that the system refused to start. */
    static String ofRefusal(String reason, ProcessPoolConfig config) {
        if (NO_MEMORY.matcher(reason).find()) {
            return " There is not enough memory for another process: lower withWorkers(%s)."
                    .formatted(config.workers());
        }
        return TOO_LONG.matcher(reason).find()
                ? " Its class path is too long for a command line: make java.io.tmpdir writable, for a file that holds it."
                : "";
    }
}
