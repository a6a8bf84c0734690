package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.objectweb.asm.ClassReader;

/** An application that goes leaves nothing of loom-scope behind that holds its class loader. */
class RedeploymentTest {

    private static final int SECONDS = 12;

    // Outlives the deployment, as the request threads of a container do.
    private final ExecutorService container = Executors.newSingleThreadExecutor();

    @AfterEach
    void shutDown() {
        container.shutdownNow();
    }

    private void call(ContainerLoader loader, String method) throws Exception {
        container
                .submit(() -> {
                    Thread current = Thread.currentThread();
                    ClassLoader before = current.getContextClassLoader();
                    current.setContextClassLoader(loader);
                    try {
                        return loader.call(Deployed.class, method);
                    } finally {
                        current.setContextClassLoader(before);
                    }
                })
                .get(60, TimeUnit.SECONDS);
    }

    private static ContainerLoader newDeployment() {
        return ContainerLoader.of(ProcessPool.class, Deployed.class, ClassReader.class);
    }

    // In a method of its own, so that no frame of the test holds the loader.
    private WeakReference<ClassLoader> deploy(String method) throws Exception {
        ContainerLoader loader = newDeployment();
        call(loader, method);
        return new WeakReference<>(loader);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"useOwnPool", "useOwnPoolWithLongTimes", "useOwnPoolWithJmx", "useSharedPool", "forgetOwnPool"})
    void loaderIsCollectedAfterPoolWasUsed(String method) throws Exception {
        WeakReference<ClassLoader> dropped = deploy(method);

        assertThat(ContainerLoader.isCollected(dropped, SECONDS)).isTrue();
    }

    @Test
    void idleWorkersOfStoppedDeploymentAreRetiredAndItsLoaderIsCollected() throws Exception {
        List<ProcessHandle> before = ProcessHandle.current().children().toList();
        ContainerLoader loader = newDeployment();
        call(loader, "forgetOwnPool");
        Eventually.becomesTrue(
                "what is needed later is loaded",
                () -> oursOf(loader).stream()
                        .noneMatch(thread -> thread.getName().equals("loom-scope-preload")));

        loader.stop();

        Eventually.becomesTrue(
                "the idle worker is gone",
                () -> before.containsAll(ProcessHandle.current().children().toList()));
        Eventually.becomesTrue(
                "the hook and the timer are gone", () -> oursOf(loader).isEmpty());
        assertThat(loader.refused()).isEmpty();
    }

    @Test
    void nothingIsLoadedAfterPoolWasClosed() throws Exception {
        ContainerLoader loader = newDeployment();
        call(loader, "useOwnPoolBriefly");

        loader.stop();

        Eventually.becomesTrue("all threads are gone", () -> oursOf(loader).isEmpty());
        assertThat(loader.refused()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"leaveIdleWorker", "leaveBusyWorker"})
    void exitAfterStoppedDeploymentEndsWorkersAndPrintsNoError(String method) throws Exception {
        Path output = Files.createTempFile("exit", ".txt");
        try {
            Process container = new ProcessBuilder(
                            System.getProperty("java.home") + "/bin/java",
                            "-Xmx128m",
                            "-XX:+UseSerialGC",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Container.class.getName(),
                            method)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            container.getOutputStream().close();
            assertThat(container.waitFor(60, TimeUnit.SECONDS)).isTrue();

            List<String> lines = Files.readAllLines(output).stream()
                    .filter(line -> !line.contains("INFO  [loom-scope-shutdown]")) // says that a task is cancelled
                    .toList();
            assertThat(lines).last().asString().startsWith("stopped; workers: ");
            assertThat(Pids.alive(Arrays.stream(lines.getLast().split("\\D+"))
                            .filter(pid -> !pid.isEmpty())
                            .map(Long::valueOf)
                            .toList()))
                    .isEmpty();
            assertThat(container.exitValue()).isZero();
        } finally {
            Files.delete(output);
        }
    }

    /** A container that stops its only deployment, and exits. */
    static final class Container {

        public static void main(String[] arguments) throws Exception {
            ContainerLoader loader = newDeployment();
            loader.call(Deployed.class, arguments[0]);
            Eventually.becomesTrue(
                    "what is needed later is loaded",
                    () -> Thread.getAllStackTraces().keySet().stream()
                            .noneMatch(thread -> thread.getName().equals("loom-scope-preload")));
            loader.stop();
            List<Long> workers =
                    ProcessHandle.current().children().map(ProcessHandle::pid).toList();
            System.out.println("stopped; workers: " + workers);
            System.exit(loader.refused().size());
        }
    }

    private static List<Thread> oursOf(ContainerLoader loader) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("loom-scope-"))
                .toList();
    }
}
