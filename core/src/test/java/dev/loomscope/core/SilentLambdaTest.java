package dev.loomscope.core;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.concurrent.Callable;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Lambdas for {@link Callable} do not say which method implements them. */
class SilentLambdaTest {
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger(TaskClassifier.class);

    static final class Annotated {
        @Cpu
        static int crunch() {
            return 42;
        }

        static Callable<Integer> task() {
            return () -> crunch();
        }

        static IntFunction<Callable<String>> otherShape() {
            return n -> () -> "plain " + n;
        }
    }

    static final class Plain {
        static Callable<Integer> task() {
            return () -> "plain".length();
        }
    }

    @BeforeEach
    void listen() {
        log.start();
        logger.addAppender(log);
    }

    @AfterEach
    void stopListening() {
        logger.detachAppender(log);
    }

    @Test
    void warnsOncePerCallSiteIfTheCodeMayBeOfAnotherKind() {
        for (int round = 0; round < 3; round++) {
            assertThat(TaskClassifier.kindOf(Annotated.task())).isEqualTo(TaskKind.IO);
        }
        assertThat(log.list)
                .singleElement()
                .satisfies(event -> assertThat(event.getFormattedMessage())
                        .contains("annotated as CPU", Annotated.class.getName(), "scope.fork(TaskKind.CPU, ...)"));
    }

    @Test
    void saysNothingIfNoLambdaOfThatShapeHasAKind() {
        assertThat(TaskClassifier.kindOf(Plain.task())).isEqualTo(TaskKind.IO);
        assertThat(TaskClassifier.kindOf(Annotated.otherShape().apply(1))).isEqualTo(TaskKind.IO);
        assertThat(log.list).isEmpty();
    }
}
