package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.core.CpuRequest;
import dev.loomscope.core.Task;
import dev.loomscope.core.TaskNotSerializableException;
import java.lang.reflect.Array;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Code that no other JVM can find: the fork says so, and why. */
class InMemoryCodeTest {

    @TempDir
    Path folder;

    @Test
    void aProgramThatIsRunFromItsSourceIsToldToCompileIt() throws Exception {
        TinyApp app = new TinyApp(folder);
        Path source = Files.createDirectory(folder.resolve("app")).resolve("Main.java");
        Files.writeString(source, TinyApp.source("\"never\""));

        List<String> said = app.java("-cp", String.join(":", TinyApp.libraries()), source.toString());

        assertThat(said)
                .hasSize(2)
                .allSatisfy(line -> assertThat(line)
                        .contains(TaskNotSerializableException.class.getName())
                        .contains("CPU task 'work' cannot be sent to another process: app.Main is not there.")
                        .contains("'java File.java' keeps what it compiles in memory: compile it with javac"));
    }

    @Test
    void aTaskInJShellIsToldWhereItsCodeIs() throws Exception {
        String snippets = """
                import dev.loomscope.core.CpuRequest;
                import dev.loomscope.core.Task;
                import dev.loomscope.process.ProcessPool;
                var pool = ProcessPool.open();
                try {
                    pool.prepare(new CpuRequest<>((Task<Long>) () -> 1L, "sum", runner -> {})).run();
                } catch (Throwable e) {
                    System.out.println("PREFIX" + e);
                }
                /exit
                """.replace("PREFIX", TinyApp.PREFIX);
        List<String> command = List.of(
                System.getProperty("java.home") + "/bin/jshell",
                "-s",
                "-J-Duser.home=" + folder,
                "--class-path",
                String.join(":", TinyApp.libraries()),
                "-");

        String output = new TinyApp(folder).run(Map.of(), snippets, command);

        assertThat(TinyApp.said(output).getFirst())
                .contains("CPU task 'sum' cannot be sent to another process: REPL.$JShell$")
                .contains("JShell keeps it in memory: compile it into a folder or jar");
    }

    @Test
    void aClassThatOnlyALoaderOfItsOwnHasIsRefusedWithThatLoader() throws Exception {
        TinyApp app = new TinyApp(folder);
        Path classes = app.compile("classes", Map.of("plugin/Job.java", """
                package plugin;
                public record Job(String name) implements dev.loomscope.core.Task<String> {
                    public String call() {
                        return name;
                    }
                }
                """));
        URL[] urls = {classes.toUri().toURL()};
        try (ProcessPool pool = ProcessPool.open();
                URLClassLoader loader =
                        new URLClassLoader("plugins", urls, getClass().getClassLoader())) {
            Object job =
                    loader.loadClass("plugin.Job").getConstructor(String.class).newInstance("j");

            @SuppressWarnings("unchecked")
            Task<String> task = (Task<String>) job;
            assertThatThrownBy(() -> pool.prepare(new CpuRequest<>(task, "job", runner -> {})))
                    .isInstanceOf(TaskNotSerializableException.class)
                    .hasMessageContaining("plugin.Job is not there. It was loaded by ")
                    .hasMessageContaining("put it on the class path");
            Object[] jobs = (Object[]) Array.newInstance(job.getClass(), 0);
            Task<Integer> ofArray = () -> jobs.length;
            assertThatThrownBy(() -> pool.prepare(new CpuRequest<>(ofArray, "job", runner -> {})))
                    .hasMessageContaining("plugin.Job is not there");
        }
    }

    /** As a loader that reloads classes when they change: a worker gets them from the class path. */
    @Test
    void aClassThatIsLoadedAgainButIsOnTheClassPathTooIsSent() throws Exception {
        URL[] urls = {getClass().getProtectionDomain().getCodeSource().getLocation()};
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1));
                URLClassLoader loader = new Eager(urls)) {
            Class<?> again = loader.loadClass(Reloaded.class.getName());
            assertThat(again).isNotSameAs(Reloaded.class);
            @SuppressWarnings("unchecked")
            Task<String> task = (Task<String>) again.getConstructor().newInstance();

            assertThat(PoolRun.run(pool, task)).isEqualTo("in the worker");
        }
    }

    /** A task that a loader of its own has, too. */
    public static final class Reloaded implements Task<String> {
        @Override
        public String call() {
            return "in the worker";
        }
    }

    private static final class Eager extends URLClassLoader {
        Eager(URL[] urls) {
            super(urls, InMemoryCodeTest.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            return name.endsWith("$Reloaded") && findLoadedClass(name) == null
                    ? findClass(name)
                    : super.loadClass(name, resolve);
        }
    }
}
