package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program with everything that one attaches to a JVM: its workers have none of it. */
class CleanStartTest {

    /** What a worker has: its options, its agents, its recordings, all that could listen at a port. */
    private static final String INVENTORY =
            "java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments()"
                    + " + \" agent: \" + System.getProperty(\"agent.ran\")"
                    + " + \" recordings: \" + jdk.jfr.FlightRecorder.isInitialized()"
                    + " + \" jmx: \" + System.getProperty(\"com.sun.management.jmxremote.port\")"
                    + " + \" variables: \" + System.getenv(\"JAVA_TOOL_OPTIONS\") + System.getenv(\"JDK_JAVA_OPTIONS\")";

    @TempDir
    Path folder;

    @Test
    void theWorkersOfAProgramWithADebuggerAnAgentAJmxPortAndARecordingStartClean() throws Exception {
        TinyApp app = new TinyApp(folder);
        Path classes = app.compile("classes", INVENTORY);
        Path recording = folder.resolve("own.jfr");

        List<String> said = app.java(
                "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,quiet=y,address=127.0.0.1:" + freePort(),
                "-javaagent:" + agent(app),
                "-Dcom.sun.management.jmxremote.port=" + freePort(),
                "-Dcom.sun.management.jmxremote.authenticate=false",
                "-Dcom.sun.management.jmxremote.ssl=false",
                "-XX:StartFlightRecording:filename=" + recording,
                "-cp",
                TinyApp.classPath(classes),
                "app.Main");

        assertClean(said);
        assertThat(recording).exists();
    }

    @Test
    void theOptionsThatTheEnvironmentHasForEveryJvmAreNotForWorkers() throws Exception {
        TinyApp app = new TinyApp(folder);
        Path classes = app.compile("classes", INVENTORY);
        String debugger =
                "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,quiet=y,address=127.0.0.1:" + freePort();

        String output = app.run(
                Map.of(
                        "JAVA_TOOL_OPTIONS",
                        debugger + " -Dcom.sun.management.jmxremote.port=" + freePort()
                                + " -Dcom.sun.management.jmxremote.authenticate=false"
                                + " -Dcom.sun.management.jmxremote.ssl=false",
                        "JDK_JAVA_OPTIONS",
                        "-javaagent:" + agent(app)),
                TinyApp.javaCommand("-cp", TinyApp.classPath(classes), "app.Main"));

        assertThat(output).contains("Picked up JAVA_TOOL_OPTIONS").contains("the agent has run");
        assertClean(TinyApp.said(output));
        assertThat(output.split("the agent has run", -1))
                .as("by the parent only")
                .hasSize(2);
    }

    private static void assertClean(List<String> said) {
        assertThat(said)
                .hasSize(2)
                .allSatisfy(inventory -> assertThat(inventory)
                        .doesNotContain("-agentlib", "-javaagent", "jmxremote", "FlightRecording")
                        .contains("agent: null", "recordings: false", "jmx: null", "variables: nullnull"));
    }

    private static Path agent(TinyApp app) throws IOException {
        Path classes = app.compile("agent", Map.of("agent/Agent.java", """
                package agent;
                public class Agent {
                    public static void premain(String arguments) {
                        System.setProperty("agent.ran", "yes");
                        System.out.println("the agent has run");
                    }
                }
                """));
        return app.jar("agent.jar", classes, Map.of("Premain-Class", "agent.Agent"));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
