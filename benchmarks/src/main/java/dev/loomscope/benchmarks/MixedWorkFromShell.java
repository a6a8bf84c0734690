package dev.loomscope.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Figure: the work of the demo MixedWork as one program from the shell, and its warm run, next to their floor. Needs the jar of the
 * demos, which the build makes before this.
 */
final class MixedWorkFromShell implements Comparison {

    private static final Path DEMOS = Path.of("demos", "target");
    private static final Pattern STEPS = Pattern.compile("computeSome +([\\d.,\u00a0\u202f]+) steps");
    private static final Pattern FLOOR = Pattern.compile("RESULT .*floor=(\\d+)");
    private static final Pattern RUNS = Pattern.compile("RESULT runs=([\\d,]+)");

    @Override
    public String name() {
        return "mixed-work";
    }

    @Override
    public String about() {
        return "Eleven tasks of all kinds, as the demo MixedWork has them. Its floor is what no schedule can beat: the longest of its"
                + " tasks, or what is to compute shared by the processors, both measured by running them one after another. The whole"
                + " process is timed by its parent, from the start of a JVM to its exit, and its pool is cold each time; the warm runs"
                + " are those after the first in one process.";
    }

    @Override
    public String whyShort() {
        return "The process has two JVMs and more to start before its work is under way; on two processors that"
                + " takes part of the time of what is to compute.";
    }

    @Override
    public Findings run(Effort effort) throws Exception {
        Optional<Path> jar = jar();
        if (jar.isEmpty()) {
            return new Findings().skip(name(), "there is no jar of the demos in " + DEMOS.toAbsolutePath());
        }
        Measured measured = new Measured();
        String steps = "";
        for (int i = 0; i < effort.of(1, 5); i++) {
            List<String> said = demo(jar.get()).run().said();
            steps = find(STEPS, said).replaceAll("\\D", "");
            measured.add("floor", Double.parseDouble(find(FLOOR, said)));
        }
        for (int i = 0; i < effort.of(10, 30); i++) {
            long start = System.nanoTime();
            List<String> said =
                    demo(jar.get(), "--steps", steps, "--times", "1").run().said();
            measured.add("process", (System.nanoTime() - start) / 1e6);
            measured.add("cold", Double.parseDouble(find(RUNS, said)));
        }
        List<String> said =
                demo(jar.get(), "--steps", steps, "--times", "11").run().said();
        Arrays.stream(find(RUNS, said).split(",", -1))
                .skip(1)
                .forEach(millis -> measured.add("warm", Double.parseDouble(millis)));
        return figures(measured);
    }

    private static Findings figures(Measured measured) {
        Samples floor = measured.samples("floor", "floor");
        Samples process = measured.samples("process", "whole process");
        Samples cold = measured.samples("cold", "first run in a process");
        Samples warm = measured.samples("warm", "further runs");
        return new Findings()
                .add(new Figure("mixed-work-process", "ms", process, floor, Goal.atMost(1.2)))
                .add(new Figure("mixed-work-cold-run", "ms", cold, floor, Goal.none()))
                .add(new Figure("mixed-work-warm-run", "ms", warm, floor, Goal.atMost(1.05)))
                .add(Plot.ofSamples("MixedWork", "ms", List.of(process, cold, warm)));
    }

    private static Optional<Path> jar() throws IOException {
        if (!Files.isDirectory(DEMOS)) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.list(DEMOS)) {
            return files.filter(
                            file -> file.getFileName().toString().matches("loom-scope-demos-[\\d.]+(-SNAPSHOT)?\\.jar"))
                    .findFirst();
        }
    }

    private static Program demo(Path jar, String... arguments) throws IOException {
        String classPath =
                jar + System.getProperty("path.separator") + Files.readString(DEMOS.resolve("class-path.txt"));
        Stream<String> command =
                Stream.of(Program.javaCommand(), "-cp", classPath.strip(), "dev.loomscope.demos.MixedWork");
        return new Program(Stream.concat(command, Arrays.stream(arguments)).toList());
    }

    private static String find(Pattern pattern, List<String> lines) throws IOException {
        for (String line : lines) {
            Matcher matcher = pattern.matcher(line);
            if (matcher.find()) {
                return matcher.group(1);
            }
        }
        throw new IOException("the demo has not said %s, but %s".formatted(pattern, lines));
    }
}
