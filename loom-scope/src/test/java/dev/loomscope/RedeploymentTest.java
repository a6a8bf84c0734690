package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.Tenant;
import dev.loomscope.core.TaskKind;
import dev.loomscope.process.ProcessPool;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.objectweb.asm.ClassReader;

/** An application that goes leaves nothing behind that holds its class loader, whether loom-scope came with it or was there before. */
class RedeploymentTest {

    private static final int SECONDS = 15; // reused threads wait 10 s for their next task

    // Outlives the application, as the request threads of a container do.
    private final ExecutorService container = Executors.newSingleThreadExecutor();

    @AfterEach
    void shutDown() {
        container.shutdownNow();
    }

    /** Has classes of its own before it asks its parent. */
    private static final class ApplicationLoader extends URLClassLoader {

        private final List<String> own;

        ApplicationLoader(List<String> own, Class<?>... examples) {
            super(
                    Arrays.stream(examples)
                            .map(ApplicationLoader::placeOf)
                            .distinct()
                            .toArray(URL[]::new),
                    RedeploymentTest.class.getClassLoader());
            this.own = own;
        }

        private static URL placeOf(Class<?> type) {
            return type.getProtectionDomain().getCodeSource().getLocation();
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            synchronized (getClassLoadingLock(name)) {
                if (own.stream().noneMatch(name::startsWith)) {
                    return super.loadClass(name, resolve);
                }
                Class<?> loaded = findLoadedClass(name);
                return loaded != null ? loaded : findClass(name);
            }
        }
    }

    private static ApplicationLoader withItsOwnLibrary() {
        List<String> own = List.of("com.example.", "dev.loomscope.", "org.objectweb.asm.");
        return new ApplicationLoader(own, Tenant.class, MixedScope.class, ProcessPool.class, ClassReader.class);
    }

    private static ApplicationLoader withLibraryOfContainer() {
        return new ApplicationLoader(List.of("com.example."), Tenant.class);
    }

    // In a method of its own, so that no frame of the test holds the loader.
    private WeakReference<ClassLoader> run(ApplicationLoader loader, String method) throws Exception {
        container
                .submit(() -> {
                    Thread.currentThread().setContextClassLoader(loader);
                    try {
                        return Class.forName(Tenant.class.getName(), true, loader)
                                .getMethod(method)
                                .invoke(null);
                    } finally {
                        Thread.currentThread().setContextClassLoader(null);
                    }
                })
                .get(60, TimeUnit.SECONDS);
        return new WeakReference<>(loader);
    }

    private static boolean isCollected(WeakReference<?> dropped) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        while (dropped.get() != null && System.nanoTime() < end) {
            System.gc();
            Thread.sleep(100);
        }
        return dropped.get() == null;
    }

    @ParameterizedTest
    @ValueSource(strings = {"useThreads", "useAllKinds", "leaveSharedPool"})
    void loaderOfApplicationWithItsOwnLibraryIsCollected(String method) throws Exception {
        assertThat(isCollected(run(withItsOwnLibrary(), method))).isTrue();
    }

    @Test
    void loaderOfApplicationIsCollectedWhileTheLibraryOfItsContainerGoesOn() throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        WeakReference<ClassLoader> dropped = run(withLibraryOfContainer(), "useThreads");

        Thread other =
                Thread.ofPlatform().start(() -> keepBusy(over)); // uses the threads that the application has started
        boolean collected = isCollected(dropped);
        over.countDown();
        other.join();

        assertThat(collected).isTrue();
    }

    private static void keepBusy(CountDownLatch over) {
        try (var scope =
                MixedScope.open(c -> c.withTimeout(Duration.ofMinutes(5)).withReusedThreads(true))) {
            while (!over.await(100, TimeUnit.MILLISECONDS)) {
                scope.fork(TaskKind.BLOCKING, () -> "busy");
            }
            scope.join();
        } catch (InterruptedException | ScopeFailedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void nothingOfOursRunsInAnIdleLibrary() throws Exception {
        run(withItsOwnLibrary(), "useAllKinds");

        Patience.until(
                "the timers have ended",
                () -> Stream.of("loom-scope-timer", "loom-scope-pool-timer")
                        .noneMatch(name -> Thread.getAllStackTraces().keySet().stream()
                                .anyMatch(thread -> thread.getName().equals(name))));
    }
}
