package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The binding to the JDK's scope. Everything here holds on every JDK from 21 to 27. */
class JdkScopeTest {

    static List<ThreadFactory> bothThreadKinds() {
        return List.of(Thread.ofVirtual().factory(), Thread.ofPlatform().factory());
    }

    @ParameterizedTest
    @MethodSource("bothThreadKinds")
    void codeRunsInAThreadOfTheFactory(ThreadFactory factory) throws InterruptedException {
        AtomicReference<Thread> made = new AtomicReference<>();
        AtomicReference<Thread> ran = new AtomicReference<>();
        JdkScope scope = JdkScope.open("factory", code -> {
            made.set(factory.newThread(code));
            return made.get();
        });
        scope.fork(() -> {
            ran.set(Thread.currentThread());
            return null;
        });
        scope.join();
        scope.close();
        assertThat(ran.get()).isNotNull().isSameAs(made.get());
    }

    @Test
    void theFactoryIsCalledByTheOwnerInsideFork() throws InterruptedException {
        Queue<Thread> callers = new ConcurrentLinkedQueue<>();
        JdkScope scope = JdkScope.open("caller", code -> {
            callers.add(Thread.currentThread());
            return Thread.ofVirtual().unstarted(code);
        });
        scope.fork(() -> null);
        assertThat(callers).containsExactly(Thread.currentThread());
        scope.join();
        scope.close();
    }

    @Test
    void oneScopeMixesVirtualAndPlatformThreads() throws InterruptedException {
        Queue<Boolean> virtual = new ConcurrentLinkedQueue<>();
        AtomicBoolean next = new AtomicBoolean();
        JdkScope scope = JdkScope.open(
                "mixed",
                code -> next.getAndSet(!next.get())
                        ? Thread.ofVirtual().unstarted(code)
                        : Thread.ofPlatform().unstarted(code));
        for (int i = 0; i < 4; i++) {
            scope.fork(() -> virtual.add(Thread.currentThread().isVirtual()));
        }
        scope.join();
        scope.close();
        assertThat(virtual).containsExactlyInAnyOrder(true, true, false, false);
    }

    @Test
    void joinWaitsForAllAndAFailureInterruptsNothing() throws InterruptedException {
        Queue<Thread> threads = new ConcurrentLinkedQueue<>();
        AtomicBoolean undisturbed = new AtomicBoolean();
        JdkScope scope = JdkScope.open("join", code -> {
            Thread thread = Thread.ofVirtual().unstarted(code);
            threads.add(thread);
            return thread;
        });
        scope.fork(() -> {
            throw new IllegalStateException("one fails");
        });
        scope.fork(() -> {
            Patience.until(
                    "the failed thread has ended", () -> !threads.element().isAlive());
            undisturbed.set(!Thread.currentThread().isInterrupted());
            return null;
        });
        scope.join();
        assertThat(undisturbed).isTrue();
        scope.close();
    }

    @Test
    void joinIsInterruptible() throws InterruptedException {
        CountDownLatch release = new CountDownLatch(1);
        JdkScope scope = JdkScope.open("interrupt", Thread.ofVirtual().factory());
        scope.fork(() -> {
            Patience.await(release);
            return null;
        });
        Thread.currentThread().interrupt();
        assertThatThrownBy(scope::join).isInstanceOf(InterruptedException.class);
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
        release.countDown();
        scope.close();
    }

    @ParameterizedTest
    @MethodSource("bothThreadKinds")
    void closeReturnsOnlyWhenAllCodeHasEnded(ThreadFactory factory) {
        CountDownLatch release = new CountDownLatch(1);
        AtomicBoolean ended = new AtomicBoolean();
        JdkScope scope = JdkScope.open("close", factory);
        scope.fork(() -> {
            Patience.awaitDeaf(release);
            ended.set(true);
            return null;
        });
        Thread.currentThread().interrupt();
        assertThatThrownBy(scope::join).isInstanceOf(InterruptedException.class);
        Thread.ofPlatform().start(release::countDown);
        scope.close();
        assertThat(ended).isTrue();
    }

    @ParameterizedTest
    @MethodSource("bothThreadKinds")
    void threadsInheritScopedValues(ThreadFactory factory) throws Exception {
        Class<?> type = Class.forName("java.lang.ScopedValue");
        Object key = type.getMethod("newInstance").invoke(null);
        Method get = type.getMethod("get");
        AtomicReference<Object> seen = new AtomicReference<>();
        Object carrier = type.getMethod("where", type, Object.class).invoke(null, key, "bound");
        Runnable inScope = () -> {
            JdkScope scope = JdkScope.open("values", factory);
            scope.fork(() -> {
                seen.set(get.invoke(key));
                return null;
            });
            joinAndClose(scope);
        };
        carrier.getClass().getMethod("run", Runnable.class).invoke(carrier, inScope);
        assertThat(seen.get()).isEqualTo("bound");
    }

    private static void joinAndClose(JdkScope scope) {
        try {
            scope.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        } finally {
            scope.close();
        }
    }

    @Test
    void theThreadDumpShowsTheScopeByItsName(@TempDir Path folder) throws Exception {
        String name = "dumped-" + System.nanoTime();
        CountDownLatch running = new CountDownLatch(2);
        CountDownLatch release = new CountDownLatch(1);
        AtomicBoolean virtual = new AtomicBoolean();
        JdkScope scope = JdkScope.open(
                name,
                code -> virtual.getAndSet(true)
                        ? Thread.ofVirtual().name(name + "-virtual").unstarted(code)
                        : Thread.ofPlatform().name(name + "-platform").unstarted(code));
        for (int i = 0; i < 2; i++) {
            scope.fork(() -> {
                running.countDown();
                Patience.await(release);
                return null;
            });
        }
        Patience.await(running);
        Path dump = folder.resolve("dump.json");
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                .dumpThreads(dump.toString(), ThreadDumpFormat.JSON);
        release.countDown();
        joinAndClose(scope);
        String text = Files.readString(dump);
        String container = text.substring(text.indexOf("\"container\": \"" + name));
        assertThat(container).contains(name + "-virtual", name + "-platform");
    }

    @Test
    void onlyTheOwnerForks() throws InterruptedException {
        JdkScope scope = JdkScope.open("foreign", Thread.ofVirtual().factory());
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread stranger = Thread.ofPlatform().start(() -> {
            try {
                scope.fork(() -> null);
            } catch (Throwable e) {
                thrown.set(e);
            }
        });
        stranger.join();
        joinAndClose(scope);
        assertThat(thrown.get()).isInstanceOf(WrongThreadException.class);
    }

    @Test
    void onAJdkWithoutAKnownShapeEveryOpenSaysSo() {
        JdkScope.Shape unknown = JdkScope.Shape.find("java.util.concurrent.NoSuchScope");
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() ->
                            unknown.opener().open("scope", Thread.ofVirtual().factory()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining(Runtime.version().toString())
                    .hasMessageContaining("NoSuchScope")
                    .hasMessageContaining("21 to 27");
        }
    }
}
