package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.core.ContextValue;
import dev.loomscope.core.TaskContext;
import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ThreadLocalAccessor;
import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.MDC;

class ForkContextTest {

    private static final ContextValue<String> TENANT = ContextValue.named("fork.tenant");
    private static final ThreadLocal<String> TRACE = new ThreadLocal<>();
    private static final ThreadLocal<String> INHERITED = new InheritableThreadLocal<>();

    /** A thread local that refuses some values. */
    private record Accessor(String key, ThreadLocal<String> local) implements ThreadLocalAccessor<String> {

        @Override
        public String getValue() {
            return local.get();
        }

        @Override
        public void setValue(String value) {
            if (value.equals("refused")) {
                throw new IllegalStateException("the accessor refuses");
            }
            local.set(value);
        }

        @Override
        public void setValue() {
            local.remove();
        }
    }

    static List<ThreadFactory> bothThreadKinds() {
        return List.of(Thread.ofVirtual().factory(), Thread.ofPlatform().factory());
    }

    @BeforeEach
    void register() {
        ContextRegistry.getInstance().registerThreadLocalAccessor(new Accessor("trace", TRACE));
        ContextRegistry.getInstance().registerThreadLocalAccessor(new Accessor("inherited", INHERITED));
    }

    @AfterEach
    void clear() {
        ContextRegistry.getInstance().removeThreadLocalAccessor("trace");
        ContextRegistry.getInstance().removeThreadLocalAccessor("inherited");
        TRACE.remove();
        INHERITED.remove();
        MDC.clear();
    }

    private static String seen() {
        return TRACE.get() + " " + MDC.get("request") + " " + TENANT.orElse("nobody");
    }

    private static <T> T on(ThreadFactory threads, Callable<T> code) throws Exception {
        FutureTask<T> task = new FutureTask<>(code);
        threads.newThread(task).start();
        return task.get(Patience.LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    @ParameterizedTest
    @MethodSource("bothThreadKinds")
    void whatTheForkingThreadHadIsThereUntilItIsRemoved(ThreadFactory threads) throws Exception {
        TRACE.set("t-1");
        MDC.put("request", "r-1");
        ForkContext context = TENANT.where("acme").call(ForkContext::capture);

        List<String> seen = on(threads, () -> {
            List<String> all = new ArrayList<>(List.of(seen()));
            ForkContext.Installed installed = context.install();
            all.add(seen());
            TRACE.set("changed");
            MDC.put("request", "changed");
            installed.remove();
            all.add(seen());
            return all;
        });

        assertThat(seen).containsExactly("null null nobody", "t-1 r-1 acme", "null null nobody");
        assertThat(seen()).isEqualTo("t-1 r-1 nobody");
    }

    @ParameterizedTest
    @MethodSource("bothThreadKinds")
    void whatTheThreadHadBeforeIsHiddenAndComesBack(ThreadFactory threads) throws Exception {
        ForkContext context = ForkContext.capture();
        INHERITED.set("of whoever starts the thread");

        List<String> seen = on(threads, () -> {
            List<String> all = new ArrayList<>(List.of(INHERITED.get()));
            ForkContext.Installed installed = context.install();
            all.add(String.valueOf(INHERITED.get()));
            installed.remove();
            all.add(INHERITED.get());
            return all;
        });

        assertThat(seen).containsExactly("of whoever starts the thread", "null", "of whoever starts the thread");
    }

    @Test
    void whereThereIsNothingNothingIsMade() {
        clear();

        assertThat(ForkContext.capture()).isSameAs(ForkContext.capture());
        assertThat(ForkContext.capture().forWorker()).isSameAs(TaskContext.EMPTY);
    }

    @Test
    void aWorkerGetsTheMdcAndTheValues() {
        MDC.put("request", "r-1");

        TaskContext context =
                TENANT.where("acme").call(() -> ForkContext.capture().forWorker());

        assertThat(context.log()).containsEntry("request", "r-1");
        assertThat(context.values()).containsEntry("fork.tenant", "acme");
    }

    @Test
    void anAccessorThatThrowsLeavesNothingBehind() throws Exception {
        TRACE.set("refused");
        MDC.put("request", "r-1");
        ForkContext context = TENANT.where("acme").call(ForkContext::capture);

        String after = on(Thread.ofVirtual().factory(), () -> {
            assertThatThrownBy(context::install).hasMessage("the accessor refuses");
            return seen();
        });

        assertThat(after).isEqualTo("null null nobody");
    }

    @Test
    void withoutMicrometerEverythingElseWorks() throws Exception {
        List<URL> rest = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (!entry.contains("context-propagation")) {
                rest.add(Path.of(entry).toUri().toURL());
            }
        }
        assertThat(new WithoutMicrometer().call()).endsWith("present");

        try (URLClassLoader loader =
                new URLClassLoader(rest.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            var constructor =
                    loader.loadClass(WithoutMicrometer.class.getName()).getDeclaredConstructor();
            constructor.setAccessible(true);
            Callable<?> absent = (Callable<?>) constructor.newInstance();

            assertThat(absent.call()).isEqualTo(List.of("r-2 acme", "null nobody", "has run", "absent"));
        }
    }
}
