package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.core.Task;
import java.io.IOException;
import java.io.Serializable;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import javax.crypto.BadPaddingException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.opentest4j.AssertionFailedError;

class RemoteFailureTest {

    private static ProcessPool pool;

    static final class OrderException extends Exception {
        private final byte[] document;

        OrderException(int bytes) {
            super("order failed");
            this.document = new byte[bytes];
        }
    }

    static final class UnsendableException extends RuntimeException {
        private final Object connection = new Object();

        UnsendableException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    static final class NoTrace extends RuntimeException {
        NoTrace() {
            super("no trace", null, false, false);
        }
    }

    static final class Nasty extends RuntimeException {
        @Override
        public String getMessage() {
            throw new IllegalStateException("no message");
        }

        @Override
        public synchronized Throwable getCause() {
            throw new IllegalStateException("no cause");
        }
    }

    @BeforeAll
    static void open() {
        pool = ProcessPool.open(c -> c.withWorkers(1));
    }

    @AfterAll
    static void close() {
        pool.close();
    }

    @Test
    void anExceptionComesBackAsItself() {
        assertThat(PoolRun.fail(pool, () -> {
                    throw new OrderException(3);
                }))
                .isInstanceOfSatisfying(
                        OrderException.class, e -> assertThat(e.document).hasSize(3))
                .hasMessage("order failed");
    }

    @Test
    void anExceptionOfTheJdkComesBackAsItself() {
        Task<?> throwsSql = () -> {
            throw new SQLException("no table", "42000", new IOException("disk"));
        };
        Task<?> throwsCrypto = () -> {
            throw new BadPaddingException("bad");
        };

        assertThat(PoolRun.fail(pool, throwsSql))
                .isInstanceOf(SQLException.class)
                .hasCauseInstanceOf(IOException.class);
        assertThat(PoolRun.fail(pool, throwsCrypto)).isInstanceOf(BadPaddingException.class);
    }

    @Test
    void anExceptionWithMuchInItComesBackAsItself() {
        assertThat(PoolRun.fail(pool, () -> {
                    throw new OrderException(100_000);
                }))
                .isInstanceOf(OrderException.class);
    }

    @Test
    void anExceptionFromFarDownComesBackAsItself() {
        assertThat(PoolRun.fail(pool, () -> sink(2_000)))
                .isInstanceOf(NumberFormatException.class)
                .hasMessageContaining("at the bottom");
    }

    private static int sink(int depth) {
        return depth > 0 ? sink(depth - 1) + 1 : Integer.parseInt("at the bottom");
    }

    @Test
    void theTraceGoesOnFromTheWorkerToTheFork() {
        PoolRun<Integer> run = PoolRun.start(pool, Task.of(Integer::parseInt, "seven"));
        Throwable failure = run.failure();

        assertThat(failure).isInstanceOf(NumberFormatException.class);
        List<String> trace = Arrays.stream(failure.getStackTrace())
                .map(StackTraceElement::toString)
                .toList();
        int fork = indexOf(trace, "forked by");
        assertThat(indexOf(trace, "Integer.parseInt")).isBetween(0, fork - 1);
        assertThat(indexOf(trace, run.runner())).isEqualTo(fork);
        assertThat(trace.subList(0, fork)).noneMatch(frame -> frame.contains("dev.loomscope.process"));
        assertThat(trace.subList(fork + 1, trace.size()))
                .anyMatch(frame -> frame.contains("jdk.internal.reflect") || frame.contains("org.junit"));
        assertThat(trace.get(fork + 1)).doesNotContain("dev.loomscope.process.ProcessPool", "PoolJob");
    }

    private static int indexOf(List<String> trace, String word) {
        for (int i = 0; i < trace.size(); i++) {
            if (trace.get(i).contains(word)) {
                return i;
            }
        }
        throw new AssertionError("no frame with '" + word + "' in " + trace);
    }

    @Test
    void anExceptionWithoutATraceStaysSo() {
        assertThat(PoolRun.fail(pool, () -> {
                            throw new NoTrace();
                        })
                        .getStackTrace())
                .isEmpty();
    }

    @Test
    void anExceptionThatCannotBeSentIsDescribedWithAllThatBelongsToIt() {
        Throwable failure = PoolRun.fail(pool, () -> {
            UnsendableException e = new UnsendableException("broken", new IOException("disk", new OrderException(1)));
            e.addSuppressed(new IllegalArgumentException("too"));
            throw e;
        });

        assertThat(failure).isInstanceOfSatisfying(RemoteTaskException.class, e -> {
            assertThat(e.remoteClass()).isEqualTo(UnsendableException.class.getName());
            assertThat(e).hasMessage(UnsendableException.class.getName() + ": broken");
            assertThat(e.getCause()).isInstanceOf(RemoteTaskException.class).hasMessage("java.io.IOException: disk");
            assertThat(e.getCause().getCause()).hasMessageEndingWith("OrderException: order failed");
            assertThat(e.getSuppressed()[0]).hasMessage("java.lang.IllegalArgumentException: too");
            assertThat(e.getCause().getStackTrace()).isNotEmpty();
        });
        assertThat(Arrays.toString(failure.getStackTrace())).contains("forked by");
    }

    @Test
    void anExceptionOfAnotherLibraryIsDescribedWithTheReason() {
        Throwable failure = PoolRun.fail(pool, () -> {
            throw new AssertionFailedError("not equal");
        });

        assertThat(failure).isInstanceOfSatisfying(RemoteTaskException.class, e -> {
            assertThat(e.remoteClass()).isEqualTo(AssertionFailedError.class.getName());
            assertThat(e).hasMessageContaining("not equal");
            assertThat(e.getSuppressed()).isNotEmpty();
        });
    }

    @Test
    void causesThatFormACircleComeToAnEnd() {
        assertThat(PoolRun.fail(pool, () -> {
                    UnsendableException a = new UnsendableException("a", null);
                    a.addSuppressed(new UnsendableException("b", a));
                    throw a;
                }))
                .hasMessageEndingWith(": a");
    }

    @Test
    void anExceptionThatThrowsWhenLookedAtIsStillTheFailureOfItsTask() throws Exception {
        long before = PoolRun.run(pool, Work::pid);

        assertThat(PoolRun.fail(pool, () -> {
                    throw new Nasty();
                }))
                .isInstanceOfAny(Nasty.class, RemoteTaskException.class);
        assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(before);
    }

    @Test
    void anErrorIsAFailureLikeAnyOther() {
        assertThat(PoolRun.fail(pool, () -> {
                    throw new AssertionError("wrong");
                }))
                .isInstanceOf(AssertionError.class)
                .hasMessage("wrong");
    }

    @Test
    void anExceptionHolderIsNoException() throws Exception {
        record Holder(Exception held) implements Serializable {}

        assertThat(PoolRun.run(pool, () -> new Holder(new IOException("kept"))).held())
                .hasMessage("kept");
    }
}
