package dev.loomscope.process;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The command line of a worker: it rebuilds the class path, module path and language level of this JVM, never its debugger,
 * agents or JMX options. Everything goes through an argument file, since Linux bounds one argument at 128 KiB.
 */
final class WorkerCommand {

    private static final List<String> INHERITED_OPTIONS = List.of(
            "--add-exports",
            "--add-modules",
            "--add-opens",
            "--add-reads",
            "--enable-native-access",
            "--enable-preview",
            "--limit-modules",
            "--patch-module",
            "--upgrade-module-path");

    private WorkerCommand() {}

    /** Makes the builder of a worker's process, with its argument file in {@code folder}. */
    static ProcessBuilder create(ProcessPoolConfig config, WorkerFolder folder) throws IOException {
        Path arguments = folder.arguments();
        Files.writeString(arguments, toArgumentFile(arguments(config, folder)), launcherCharset());
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        ProcessBuilder builder = new ProcessBuilder(java.toString(), "@" + arguments);
        WorkerEnvironment.restrict(builder.environment(), config.environment());
        builder.environment().put(StrayProcesses.VARIABLE, folder.mark());
        return builder;
    }

    private static List<String> arguments(ProcessPoolConfig config, WorkerFolder folder) {
        List<String> arguments = new ArrayList<>(List.of(
                // JVM warnings go to stdout by default, in the middle of a task's own output
                "-Xlog:disable",
                "-Xlog:all=warning:stderr",
                "-XX:ActiveProcessorCount=1",
                "-XX:-UsePerfData",
                // a loop must not keep the JVM from stopping, and the JVM not from ending with its parent
                "-XX:+UseCountedLoopSafepoints",
                "-XX:LoopStripMiningIter=1000",
                "-XX:-CreateCoredumpOnCrash",
                "-XX:ErrorFile=" + folder.crashFile("%p"),
                "-Xmx" + config.maxHeapMiB() + "m",
                "-Djava.awt.headless=true",
                "-Dstdout.encoding=UTF-8",
                "-Dstderr.encoding=UTF-8"));
        if (config.jvmOptions().stream().noneMatch(WorkerCommand::choosesCollector)) {
            arguments.add("-XX:+UseSerialGC"); // the JVM refuses two
        }
        addProperty("java.library.path", arguments);
        addProperty("file.encoding", arguments);
        addInherited(arguments);
        arguments.addAll(config.jvmOptions());
        addPaths(arguments);
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

    private static void addInherited(List<String> arguments) {
        for (String option : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            String name = option.substring(0, option.indexOf('=') < 0 ? option.length() : option.indexOf('='));
            if (INHERITED_OPTIONS.contains(name)) {
                arguments.add(option);
            }
        }
    }

    private static void addPaths(List<String> arguments) {
        String classPath = System.getProperty("java.class.path", "");
        if (!classPath.isEmpty()) {
            arguments.addAll(List.of("-cp", absolute(classPath)));
        }
        @Nullable String modulePath = System.getProperty("jdk.module.path");
        if (modulePath != null) {
            arguments.addAll(List.of("--module-path", absolute(modulePath)));
        }
        Module own = WorkerCommand.class.getModule();
        if (own.isNamed()) {
            arguments.addAll(List.of("--add-modules", "ALL-MODULE-PATH"));
            arguments.addAll(List.of("-m", own.getName() + "/" + WorkerMain.class.getName()));
        } else {
            arguments.add(WorkerMain.class.getName());
        }
    }

    private static String absolute(String path) {
        return Arrays.stream(path.split(Pattern.quote(File.pathSeparator)))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    // One quoted argument a line; in quotes, only backslashes, quotes and line ends
    // mean something else than themselves.
    private static String toArgumentFile(List<String> arguments) {
        return arguments.stream()
                .map(argument ->
                        argument.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n"))
                .map(argument -> "\"" + argument + "\"\n")
                .collect(Collectors.joining());
    }

    // The launcher reads the file in the encoding of the platform, whatever file.encoding says.
    private static Charset launcherCharset() {
        return Charset.forName(
                System.getProperty("sun.jnu.encoding", Charset.defaultCharset().name()));
    }
}
