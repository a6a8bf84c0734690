package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import com.sun.management.ThreadMXBean;
import dev.loomscope.core.Task;
import dev.loomscope.core.TaskContext;
import java.io.File;
import java.io.IOException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectStreamClass;
import java.lang.management.ManagementFactory;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Objects that a worker sends that was taken over: none runs code here, none takes more memory than it may. */
class HostilePayloadTest {

    private static final int MIB = 1 << 20;
    private static final int ALLOWED_MIB = 16;
    private static final String RAN = "gadget.ran";

    private static LogTrail log;
    private static ProcessPool pool;
    private static Map<String, byte[]> bombs;

    @TempDir
    static Path folder;

    @BeforeAll
    static void open() throws Exception {
        bombs = Payloads.bombs();
        log = LogTrail.follow("dev.loomscope", Level.WARN);
        pool = HostileWorker.open(c -> c.withMaxResultMiB(ALLOWED_MIB));
        PoolRun.run(pool, HostileWorker::takeOver);
    }

    // Whatever it has sent, it was one worker, and it is still of use: what is in a result is no breach of the
    // protocol.
    @AfterAll
    static void close() throws Exception {
        try {
            assertThat(send(Frame.Type.RESULT, Payloads.of("good")).get()).isEqualTo("good");
            assertThat(log.messages()).isEmpty();
        } finally {
            pool.close();
            log.close();
        }
    }

    private static PoolRun<Object> send(Frame.Type type, byte[] bytes) {
        Task<Object> attack = () -> {
            HostileWorker.sayBytes(type, bytes);
            return null;
        };
        return PoolRun.start(pool, "attack", attack);
    }

    static Stream<String> bombs() {
        return bombs.keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("bombs")
    void aBombFailsItsTaskAndNothingElse(String name) throws Exception {
        byte[] bomb = bombs.get(name);
        RemoteFailure.Description description =
                new RemoteFailure.Description("acme.Error", "words", List.of(), null, List.of());

        assertThat(send(Frame.Type.RESULT, bomb).failure()).isInstanceOf(ResultRejectedException.class);
        assertThat(send(Frame.Type.FAILURE, bomb).failure()).isInstanceOf(ResultRejectedException.class);
        if (bomb.length > 0) { // no bytes are no exception
            assertThat(send(Frame.Type.FAILURE, Payloads.of(new RemoteFailure(description, bomb)))
                            .failure())
                    .isInstanceOf(RemoteTaskException.class)
                    .hasMessage("acme.Error: words")
                    .satisfies(e -> assertThat(e.getSuppressed()).isNotEmpty());
        }
    }

    @ParameterizedTest
    @MethodSource("bombs")
    void aBombTakesNoMoreMemoryThanItMay(String name) throws Exception {
        Payload bomb = Payload.of(bombs.get(name));
        ResultMemory memory = new ResultMemory(ALLOWED_MIB * MIB);
        Task<String> task = () -> "any";
        ResultFilter filter = new ResultFilter(
                TaskCodec.encodeTask("any", TaskContext.EMPTY, task),
                bomb.size(),
                info -> ObjectInputFilter.Status.UNDECIDED);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();

        assertThatThrownBy(() -> new ResultReader(memory)
                        .read(bomb, SerialScan.Form.RESULT, bytes -> TaskCodec.decodeResult(bytes, filter)))
                .isInstanceOf(IOException.class);

        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(2L * ALLOWED_MIB * MIB);
        assertThat(memory.taken()).isZero();
    }

    @Test
    void wordsForAFailureThatShareTheirPartsAreNotUnfolded() throws Exception {
        assertThat(send(Frame.Type.FAILURE, Payloads.sharingDescription(60)).failure())
                .isInstanceOf(ResultRejectedException.class)
                .hasMessageContaining("objects that share their parts so often");
    }

    @Test
    void manySmallObjectsThatTakeMoreThanTheirBytesAreCountedBeforeTheyAreMade() throws Exception {
        byte[] strings = Payloads.of(
                Stream.generate(() -> new String("x")).limit(300_000).toList());
        assertThat(strings.length).isLessThan(ALLOWED_MIB * MIB / 8);

        assertThat(send(Frame.Type.RESULT, strings).failure())
                .isInstanceOf(ResultRejectedException.class)
                .hasMessageContaining("objects that take more than");
    }

    @Test
    void noCodeOfAnotherJarRunsThoughThisJvmHasIt() throws Exception {
        try (URLClassLoader loader = compileGadget()) {
            byte[] gadget = Payloads.of(
                    loader.loadClass("gadget.Gadget").getDeclaredConstructor().newInstance());
            byte[] name = Payloads.of(new Object[] {loader.loadClass("gadget.Gadget")});
            System.clearProperty(RAN);
            ClassLoader before = Thread.currentThread().getContextClassLoader();
            Thread.currentThread().setContextClassLoader(loader); // where the parent looks for classes, too
            try {
                for (byte[] bytes : List.of(gadget, name)) {
                    assertThat(send(Frame.Type.RESULT, bytes).failure())
                            .isInstanceOf(ResultRejectedException.class)
                            .hasMessageContaining("gadget.Gadget, which a worker may not send");
                }
                assertThat(send(Frame.Type.FAILURE, gadget).failure()).isInstanceOf(ResultRejectedException.class);
            } finally {
                Thread.currentThread().setContextClassLoader(before);
            }
            assertThat(System.getProperty(RAN)).isNull();

            readWithoutCare(gadget, loader);
            assertThat(System.getProperty(RAN)).isEqualTo("yes"); // or the test above could not fail
        }
    }

    private static URLClassLoader compileGadget() throws IOException {
        Path source = Files.writeString(folder.resolve("Gadget.java"), """
                package gadget;

                public class Gadget implements java.io.Serializable {
                    static { System.setProperty("gadget.ran", "yes"); }

                    private void readObject(java.io.ObjectInputStream in) { System.setProperty("gadget.ran", "yes"); }

                    private Object readResolve() { System.setProperty("gadget.ran", "yes"); return this; }
                }
                """);
        int result = ToolProvider.getSystemJavaCompiler()
                .run(null, null, null, "-d", folder.toString(), "--release", "21", source.toString());
        assertThat(result).isZero();
        return new URLClassLoader(new URL[] {new File(folder.toString()).toURI().toURL()});
    }

    private static void readWithoutCare(byte[] bytes, ClassLoader loader) throws Exception {
        try (ObjectInputStream in = new ObjectInputStream(Payload.of(bytes).toInputStream()) {
            @Override
            protected Class<?> resolveClass(ObjectStreamClass description) throws ClassNotFoundException {
                return Class.forName(description.getName(), false, loader);
            }
        }) {
            in.readObject();
        }
    }
}
