package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs that log to files by Logback: no two processes write to one of them, and no line is lost. */
@Timeout(120)
class LogFilesTest {

    private static final int TASKS = 3;
    private static final String PATTERN =
            "<encoder><charset>UTF-8</charset><pattern>PID ${PID} %level %logger - %msg%n</pattern></encoder>";
    private static final String FILE = "<appender name='A' class='ch.qos.logback.core.FileAppender'>"
            + "<file>FILE</file><append>false</append>" + PATTERN + "</appender>";
    private static final String ROLLING = "<appender name='A' class='ch.qos.logback.core.rolling.RollingFileAppender'>"
            + "<file>FILE</file><rollingPolicy class='ch.qos.logback.core.rolling.FixedWindowRollingPolicy'>"
            + "<fileNamePattern>FILE.%i</fileNamePattern><minIndex>1</minIndex><maxIndex>9</maxIndex></rollingPolicy>"
            + "<triggeringPolicy class='ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy'>"
            + "<maxFileSize>1MB</maxFileSize></triggeringPolicy>" + PATTERN + "</appender>";
    private static final String ASYNC =
            "<appender name='B' class='ch.qos.logback.core.FileAppender'>" + "<file>FILE</file>" + PATTERN
                    + "</appender><appender name='A' class='ch.qos.logback.classic.AsyncAppender'><appender-ref ref='B'/></appender>";
    private static final String CONSOLE =
            "<appender name='A' class='ch.qos.logback.core.ConsoleAppender'>" + PATTERN + "</appender>";

    @TempDir
    Path folder;

    private static String configuration(String appender) {
        return "<configuration><property name='PID' value='${own.pid}'/>" + appender
                + "<logger name='app.chatty' level='DEBUG'/><logger name='app.silent' level='OFF'/>"
                + "<root level='INFO'><appender-ref ref='A'/></root></configuration>";
    }

    private String run(String config, List<String> options, Map<String, String> files) throws Exception {
        TinyApp app = new TinyApp(folder);
        Path classes = app.compile("classes", Map.of("app/Main.java", """
                package app;

                import dev.loomscope.core.CpuRequest;
                import dev.loomscope.core.Task;
                import dev.loomscope.process.ProcessPool;
                import org.slf4j.Logger;
                import org.slf4j.LoggerFactory;

                public class Main {
                    public static void main(String[] args) throws Throwable {
                        System.setProperty("own.pid", "parent");
                        Logger log = LoggerFactory.getLogger("app.main");
                        log.info("the parent begins");
                        try (ProcessPool pool = ProcessPool.open(c -> CONFIG.withName("pool"))) {
                            for (int i = 0; i < TASKS; i++) {
                                int number = i;
                                Task<String> task = () -> work(number);
                                System.out.println("worker says: "
                                        + pool.prepare(new CpuRequest<>(task, "work", runner -> {})).run());
                                log.info("the parent after task {}", i);
                            }
                        }
                        log.info("the parent ends");
                        Object context = LoggerFactory.getILoggerFactory();
                        context.getClass().getMethod("stop").invoke(context);
                    }

                    private static String work(int number) {
                        System.setProperty("own.pid", "worker");
                        LoggerFactory.getLogger("app.work").trace("never");
                        LoggerFactory.getLogger("app.work").debug("never");
                        LoggerFactory.getLogger("app.silent").error("never");
                        LoggerFactory.getLogger("app.chatty").debug("line A{} \\u00e4\\u540d", number);
                        LoggerFactory.getLogger("app.work").info("line B{}", number);
                        LoggerFactory.getLogger("app.work").warn("line C{}", number);
                        LoggerFactory.getLogger("app.work").error("line D{}", number, new IllegalStateException("line E" + number));
                        return System.getProperty("loom.scope.worker");
                    }
                }
                """.replace("CONFIG", config)
                .replace("TASKS", String.valueOf(TASKS))));
        for (Map.Entry<String, String> file : files.entrySet()) {
            Files.writeString(classes.resolve(file.getKey()), file.getValue());
        }
        List<String> command = TinyApp.javaCommand(options.toArray(String[]::new));
        command.addAll(List.of("-cp", classPath(classes.toString()), "app.Main"));
        return app.run(Map.of(), command);
    }

    private static String classPath(String classes) throws Exception {
        List<String> entries = new ArrayList<>(List.of(classes));
        entries.addAll(TinyApp.libraries());
        for (Class<?> type :
                List.of(ch.qos.logback.classic.LoggerContext.class, ch.qos.logback.core.FileAppender.class)) {
            entries.add(Path.of(type.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString());
        }
        return String.join(":", entries);
    }

    private List<String> lines(String file) throws Exception {
        return Files.readAllLines(folder.resolve(file));
    }

    private List<String> files(String beginning) throws Exception {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith(beginning))
                    .sorted()
                    .toList();
        }
    }

    private static void assertAllLinesOnce(List<String> lines) {
        for (String letter : List.of("A", "B", "C", "D", "E")) {
            for (int i = 0; i < TASKS; i++) {
                String text = "line " + letter + i;
                assertThat(lines)
                        .as(() -> String.join("\n", lines))
                        .filteredOn(line -> line.contains(text))
                        .hasSize(1);
            }
        }
        assertThat(lines).noneMatch(line -> line.contains("never"));
    }

    private void assertOnlyTheParentWrote(String file) throws Exception {
        List<String> lines = lines(file);
        assertThat(lines).isNotEmpty().allMatch(line -> line.startsWith("PID parent "));
        assertThat(lines.getFirst()).endsWith("the parent begins");
        assertThat(lines.getLast()).endsWith("the parent ends");
        assertAllLinesOnce(lines);
        assertThat(lines)
                .filteredOn(line -> line.contains("line "))
                .allMatch(line -> line.contains("dev.loomscope.worker - w"));
        assertThat(lines).anyMatch(line -> line.contains("DEBUG app.chatty - line A0 ä名"));
        assertThat(lines)
                .filteredOn(line -> line.contains("line C"))
                .allMatch(line -> line.startsWith("PID parent WARN"));
        assertThat(lines)
                .filteredOn(line -> line.contains("${loom.scope.worker:-main}"))
                .hasSize(1)
                .allMatch(line -> line.contains("app.log"));
    }

    @ParameterizedTest
    @ValueSource(strings = {FILE, ROLLING, ASYNC})
    void workersDoNotWriteToTheFileOfTheParentAndTheirLinesAreInItsLog(String appender) throws Exception {
        String config = configuration(appender.replace("FILE", "app.log"));

        run("c.withWorkers(2).withSingleUse()", List.of(), Map.of("logback.xml", config));

        assertOnlyTheParentWrote("app.log");
        assertThat(files("app")).containsExactly("app.log");
    }

    @Test
    void neitherDoWorkersOfAParentThatWasToldOfItsConfiguration() throws Exception {
        String config = configuration(FILE.replace("FILE", "app.log"));

        run("c", List.of("-Dlogback.configurationFile=own.xml"), Map.of("own.xml", config, "logback.xml", config));

        assertOnlyTheParentWrote("app.log");
    }

    @Test
    void neitherDoWorkersWithoutATemporaryFolder() throws Exception {
        String config = configuration(FILE.replace("FILE", "app.log"));

        run("c", List.of("-Djava.io.tmpdir=/nowhere"), Map.of("logback.xml", config));

        assertThat(lines("app.log")).allMatch(line -> line.startsWith("PID parent ") || !line.startsWith("PID "));
        assertThat(lines("app.log"))
                .anyMatch(line ->
                        line.contains("dev.loomscope.worker - w1") && line.contains("INFO  app.work - line B0"));
    }

    @Test
    void filesWithTheNameOfTheWorkerAreWrittenByWorkers() throws Exception {
        String config = configuration(FILE.replace("FILE", "app-${loom.scope.worker:-main}.log"));

        String output = run("c.withWorkers(1)", List.of(), Map.of("logback.xml", config));

        assertThat(output).contains("worker says: pool-w1");
        assertThat(files("app")).containsExactly("app-main.log", "app-pool-w1.log");
        assertThat(lines("app-main.log")).noneMatch(line -> line.contains("line "));
        assertAllLinesOnce(lines("app-pool-w1.log"));
        assertThat(lines("app-pool-w1.log"))
                .filteredOn(line -> line.contains("PID"))
                .allMatch(line -> line.startsWith("PID worker "));
    }

    @Test
    void theyAreAlsoWhereTheNameIsInAnIncludedFileOrInOneThatTheParentWasToldOf() throws Exception {
        String included = "<included><property name='FILE' value='app-${loom.scope.worker:-main}.log'/></included>";
        String config = configuration("<include resource='included.xml'/>" + FILE.replace("FILE", "${FILE}"));

        run("c.withWorkers(1)", List.of(), Map.of("logback.xml", config, "included.xml", included));
        assertThat(files("app")).containsExactly("app-main.log", "app-pool-w1.log");

        String own = configuration(FILE.replace("FILE", "own-${loom.scope.worker:-main}.log"));
        run(
                "c.withWorkers(1)",
                List.of("-Dlogback.configurationFile=own.xml"),
                Map.of("logback.xml", config, "included.xml", included, "own.xml", own));
        assertThat(files("own")).containsExactly("own-main.log", "own-pool-w1.log");
        assertAllLinesOnce(lines("own-pool-w1.log"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "c.withWorkers(1).withJvmOptions(\"-Dlogback.configurationFile=workers.xml\")",
                "c.withWorkers(1).withSystemProperties(\"logback.*\")"
            })
    void whatTheUserChoosesForWorkersIsLeftAlone(String config) throws Exception {
        String forWorkers = configuration(FILE.replace("FILE", "chosen-${loom.scope.worker:-main}.log"));
        Map<String, String> files =
                Map.of("logback.xml", configuration(FILE.replace("FILE", "app.log")), "workers.xml", forWorkers);
        boolean carried = config.contains("Properties");

        run(config, carried ? List.of("-Dlogback.configurationFile=workers.xml") : List.of(), files);

        assertAllLinesOnce(lines("chosen-pool-w1.log"));
    }

    @Test
    void aConfigurationWithoutFilesIsThatOfWorkersToo() throws Exception {
        String output = run("c.withWorkers(1)", List.of(), Map.of("logback.xml", configuration(CONSOLE)));

        assertAllLinesOnce(output.lines().toList());
        assertThat(output).contains("dev.loomscope.worker - w1").contains(": PID worker INFO app.work - line B1");
    }
}
