package dev.loomscope.process;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.CharsetEncoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The command line of a worker: it rebuilds the class path, module path and language level of this JVM, never its debugger,
 * agents or JMX options. Everything goes through an argument file, since Linux bounds one argument at 128 KiB; and on the command
 * line itself where no file can be written.
 */
final class WorkerCommand {

    private static final Logger log = LoggerFactory.getLogger(WorkerCommand.class);
    private static final int EXCERPT = 80;

    // JVM warnings go to stdout by default, in the middle of a task's own output
    private static final List<String> LOG_OPTIONS = List.of("-Xlog:disable", "-Xlog:all=warning:stderr");

    private WorkerCommand() {}

    /**
     * Makes the builder of a worker's process, with its argument file in {@code folder} if that can hold one.
     *
     * @throws IOException if there is no java to start, or if it cannot be told one of its arguments
     */
    static ProcessBuilder create(ProcessPoolConfig config, WorkerFolder folder) throws IOException {
        return create(config, folder, arguments -> List.of());
    }

    /** As above, with what {@code more} makes of its arguments: further options, before those of the user. */
    static ProcessBuilder create(
            ProcessPoolConfig config, WorkerFolder folder, Function<List<String>, List<String>> more)
            throws IOException {
        List<String> arguments = arguments(config, folder);
        arguments.addAll(LOG_OPTIONS.size(), more.apply(arguments));
        Charset charset = launcherCharset();
        ensureWritable(arguments, charset);
        List<String> command = new ArrayList<>(NicePrefix.of(config.niceness()));
        command.add(java().toString());
        if (hasWritten(arguments, charset, folder)) {
            command.add("@" + folder.arguments());
        } else {
            command.addAll(arguments); // which the system may refuse, if they are long
        }
        ProcessBuilder builder = new ProcessBuilder(command);
        WorkerEnvironment.restrict(builder.environment(), config.environment());
        builder.environment().put(StrayProcesses.VARIABLE, folder.mark());
        return builder;
    }

    private static Path java() throws IOException {
        Path bin = Path.of(System.getProperty("java.home"), "bin");
        if (Files.exists(bin.resolve("java")) || Files.exists(bin.resolve("java.exe"))) {
            return bin.resolve("java");
        }
        throw new IOException(
                ("there is no java in %s: the JDK that this JVM runs on was moved or replaced meanwhile, then"
                                + " restart this JVM; or its image was made without launchers, then make it with them")
                        .formatted(bin));
    }

    private static void ensureWritable(List<String> arguments, Charset charset) throws IOException {
        CharsetEncoder encoder = charset.newEncoder();
        for (String argument : arguments) {
            if (!encoder.canEncode(argument)) {
                throw new IOException(
                        ("%s, the encoding of this platform, cannot write the argument '%s' of its JVM: write"
                                        + " it without such letters, or start this JVM in a locale that has them, as LC_ALL=C.UTF-8")
                                .formatted(charset, excerpt(argument, encoder)));
            }
        }
    }

    // A class path may have 200 KB.
    private static String excerpt(String argument, CharsetEncoder encoder) {
        int at = 0;
        while (at < argument.length() && encoder.canEncode(argument.substring(at, at + 1))) {
            at++;
        }
        int from = Math.max(0, at - EXCERPT / 2);
        int to = Math.min(argument.length(), at + EXCERPT / 2);
        return (from > 0 ? "..." : "") + argument.substring(from, to) + (to < argument.length() ? "..." : "");
    }

    private static boolean hasWritten(List<String> arguments, Charset charset, WorkerFolder folder) {
        if (!folder.exists()) {
            return false;
        }
        try {
            Files.writeString(folder.arguments(), toArgumentFile(arguments), charset);
            return true;
        } catch (IOException e) {
            log.debug("the folder {} is of no use: the command line of a worker has all its arguments", folder, e);
            return false;
        }
    }

    /** What its JVM is started with, if there is nothing more to say. */
    static List<String> arguments(ProcessPoolConfig config, WorkerFolder folder) {
        List<String> arguments = new ArrayList<>(LOG_OPTIONS);
        arguments.addAll(List.of(
                "-XX:ActiveProcessorCount=1",
                "-XX:-UsePerfData",
                // a loop must not keep the JVM from stopping, and the JVM not from ending with its parent
                "-XX:+UseCountedLoopSafepoints",
                "-XX:LoopStripMiningIter=1000",
                "-XX:-CreateCoredumpOnCrash",
                "-Xmx" + config.maxHeapMiB() + "m",
                "-Djava.awt.headless=true",
                "-Dstdout.encoding=UTF-8",
                "-Dstderr.encoding=UTF-8"));
        if (config.jvmOptions().stream().noneMatch(WorkerCommand::choosesCollector)) {
            arguments.add("-XX:+UseSerialGC"); // the JVM refuses two
        }
        arguments.add(folder.exists() ? "-XX:ErrorFile=" + folder.crashPattern() : "-XX:+ErrorFileToStderr");
        addProperty("java.library.path", arguments);
        arguments.addAll(StartProperties.options());
        arguments.addAll(ParentOptions.inherited());
        arguments.addAll(WorkerLogging.options(config, folder));
        arguments.addAll(config.jvmOptions());
        arguments.addAll(ParentPaths.toMain(WorkerMain.class));
        return arguments;
    }

    private static boolean choosesCollector(String option) {
        return option.startsWith("-XX:+Use") && option.endsWith("GC");
    }

    private static void addProperty(String name, List<String> arguments) {
        String value = System.getProperty(name);
        if (value != null) {
            arguments.add("-D" + name + "=" + value);
        }
    }

    // One quoted argument a line; in quotes, only backslashes, quotes and line ends
    // mean something else than themselves.
    private static String toArgumentFile(List<String> arguments) {
        return arguments.stream()
                .map(argument -> argument.replace("\\", "\\\\")
                        .replace("\"", "\\\"")
                        .replace("\n", "\\n")
                        .replace("\r", "\\r"))
                .map(argument -> "\"" + argument + "\"\n")
                .collect(Collectors.joining());
    }

    // The launcher reads the file in the encoding of the platform, whatever file.encoding says.
    static Charset launcherCharset() {
        return Charset.forName(
                System.getProperty("sun.jnu.encoding", Charset.defaultCharset().name()));
    }
}
